// Hosted sign-in: to Cognito's own page and back, by the authorization code flow with PKCE. It has a tab of its own, so
// that the inbox stays in sight. What must outlast the way there is kept in that tab's sessionStorage until it is back.

const KEPT = 'hosted-sign-in';
const here = () => `${location.origin}/`;
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');

// Whether this tab was opened to go to the hosted page.
export const isLeaving = () => location.search === '?hosted';

// Where a tab for the hosted page begins: Cognito sends people back to no other name of this machine.
export const startOfTab = () => `http://localhost:${location.port}/?hosted`;

// When this tab went to the hosted page (ms since 1970), or null: what ran since then belongs to its sign-in.
export const leftAt = () => kept()?.at ?? null;
const base = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const random = () => base(crypto.getRandomValues(new Uint8Array(32)));

export async function leave({ url, clientId }) {
  const fresh = { state: random(), verifier: random(), at: Date.now() };
  sessionStorage.setItem(KEPT, JSON.stringify(fresh));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(fresh.verifier));
  location.replace(`${authorize(url)}?${new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope: 'openid email phone',
    redirect_uri: here(),
    state: fresh.state,
    code_challenge: base(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  })}`);
}

// After the way back: {claims}, or null if this is no way back. Throws a sentence.
export async function comeBack(hosted) {
  const answer = new URLSearchParams(location.search);
  const mine = kept();
  sessionStorage.removeItem(KEPT);
  // The code is good once, and nobody should find it in the history.
  history.replaceState(null, '', '/');
  if (!answer.has('state')) return null;
  if (answer.get('state') !== mine?.state) {
    throw new Error('This is not the answer to a sign-in that was started here. Start over.');
  }
  if (!answer.has('code')) throw new Error('The hosted sign-in did not end well. Start over.');
  return tokens(hosted, answer.get('code'), mine.verifier);
}

// Ends the hosted page's own session too: without that, the next sign-in there asks for nothing.
export function signOut({ url, clientId }) {
  const there = new URL('../logout', authorize(url));
  location.assign(`${there}?${new URLSearchParams({ client_id: clientId, logout_uri: here() })}`);
}

async function tokens({ url, clientId }, code, verifier) {
  const answer = await fetch(new URL('token', authorize(url)), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code', client_id: clientId, redirect_uri: here(), code, code_verifier: verifier,
    }),
  });
  if (!answer.ok) throw new Error('Cognito gave no tokens for this sign-in. Start over.');
  const { id_token: id, access_token: access } = await answer.json();
  return { claims: { id: payload(id), access: payload(access) } };
}

const authorize = (url) => `${url.replace(/[?#].*$/, '').replace(/\/oauth2\/authorize$/, '')}/oauth2/authorize`;

function payload(token) {
  const part = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
}
