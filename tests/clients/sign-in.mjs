// node --preserve-symlinks --preserve-symlinks-main sign-in.mjs MODULE
//
// Signs in with signInWithCode of MODULE. The first line on stdin is {"username", "password"}. The script writes
// each challenge as a line {"challenge"}. The next line on stdin is the answer: a code, or the channel of a resend.
// The last line on stdout is {"claims"} of the ID token, or {"error": {"name", "message"}}.
// Node.js preserves the symbolic links, so that the snippets find their packages in this folder.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function readLine() {
  const { value, done } = await lines.next();
  if (done) throw new Error('stdin ended in the middle of a sign-in');
  return value;
}

function writeLine(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function ask(challenge) {
  writeLine({ challenge });
  return readLine();
}

const { signInWithCode } = await import(process.argv[2]);
const { username, password } = JSON.parse(await readLine());
try {
  writeLine({ claims: await signInWithCode(username, password, ask) });
} catch ({ name, message }) {
  writeLine({ error: { name, message } });
}
process.stdin.destroy();
