// node --preserve-symlinks --preserve-symlinks-main sign-in.mjs MODULE
//
// Signs in with MODULE's signInWithCode. The first line on stdin is {"username", "password"}. Each challenge
// goes out as a line {"challenge"} and the next line on stdin answers it: a code, or the channel to resend
// by. The last line out is {"claims"} of the ID token, or {"error": {"name", "message"}}.
// The links are kept so that the snippets find their packages here, and not beside the documentation.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function hear() {
  const { value, done } = await lines.next();
  if (done) throw new Error('stdin ended in the middle of a sign-in');
  return value;
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function ask(challenge) {
  say({ challenge });
  return hear();
}

const { signInWithCode } = await import(process.argv[2]);
const { username, password } = JSON.parse(await hear());
try {
  say({ claims: await signInWithCode(username, password, ask) });
} catch ({ name, message }) {
  say({ error: { name, message } });
}
process.stdin.destroy();
