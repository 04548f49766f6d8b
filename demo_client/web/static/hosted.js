// Hosted sign-in: to Cognito's own page and back, by the authorization code flow with PKCE. It uses a separate tab, so
// that the inbox stays visible. State and code verifier are in the sessionStorage of that tab until the browser is back.

const STORAGE_KEY = 'hosted-sign-in';
const here = () => `${location.origin}/`;
const stored = () => JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null');

// Whether this tab was opened to go to the hosted page.
export const isSignInTab = () => location.search === '?hosted';

// The first URL of that tab. Cognito allows http in a callback URL for the host localhost only.
export const signInTabUrl = () => `http://localhost:${location.port}/?hosted`;

// When this tab left for the hosted page (ms since 1970), or null. Later invocations belong to its sign-in.
export const startedAt = () => stored()?.at ?? null;
const base = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const random = () => base(crypto.getRandomValues(new Uint8Array(32)));

export async function startSignIn({ url, clientId }) {
  const fresh = { state: random(), verifier: random(), at: Date.now() };
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(fresh));
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

// After the redirect back to this page: {claims}, or null if there was no redirect. Throws an error with a sentence.
export async function finishSignIn(hosted) {
  const answer = new URLSearchParams(location.search);
  const request = stored();
  sessionStorage.removeItem(STORAGE_KEY);
  // The authorization code must not stay in the browser's history.
  history.replaceState(null, '', '/');
  if (!answer.has('state')) return null;
  if (answer.get('state') !== request?.state) {
    throw new Error('This response does not belong to a sign-in from this tab. Start over.');
  }
  if (!answer.has('code')) throw new Error('The hosted sign-in failed. Start over.');
  return tokens(hosted, answer.get('code'), request.verifier);
}

// Ends Cognito's own session, too. Otherwise the next hosted sign-in would ask for nothing.
export function signOut({ url, clientId }) {
  const logout = new URL('../logout', authorize(url));
  location.assign(`${logout}?${new URLSearchParams({ client_id: clientId, logout_uri: here() })}`);
}

async function tokens({ url, clientId }, code, verifier) {
  const answer = await fetch(new URL('token', authorize(url)), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code', client_id: clientId, redirect_uri: here(), code, code_verifier: verifier,
    }),
  });
  if (!answer.ok) throw new Error('Cognito returned no tokens for this sign-in. Start over.');
  const { id_token: id, access_token: access } = await answer.json();
  return { claims: { id: payload(id), access: payload(access) } };
}

const authorize = (url) => `${url.replace(/[?#].*$/, '').replace(/\/oauth2\/authorize$/, '')}/oauth2/authorize`;

function payload(token) {
  const part = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
}
