// Creates a demo user: the page's server adds a user with a random password to the local pool.
import { byId, make } from './dom.js';
import { TITLES } from './texts.js';

// Offers the channels of the stack.
export function showChannels(channels) {
  byId('first-channel').append(...channels.map((name) => make('option', { value: name }, TITLES[name] ?? name)));
}

// Codes go to `channel` first. `nonce` is the page's nonce from the server. Throws an error that `explain` can describe.
export async function makeUser(channel, nonce) {
  const answer = await fetch('/users', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Page-Nonce': nonce },
    body: JSON.stringify({ channel }),
  }).catch(() => { throw Object.assign(new Error(), { name: 'NetworkError' }); });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { name: 'PageError' });
  return answer.json();
}
