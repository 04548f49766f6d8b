// Somebody to sign in as: the page's server makes a user in the local pool, with a made-up password.

// `channel` is where codes go first, `nonce` what the server gave this page. Throws what `explain` has a sentence for.
export async function makeUser(channel, nonce) {
  const answer = await fetch('/users', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Page-Nonce': nonce },
    body: JSON.stringify({ channel }),
  }).catch(() => { throw Object.assign(new Error(), { name: 'NetworkError' }); });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { name: 'PageError' });
  return answer.json();
}
