// node --preserve-symlinks --preserve-symlinks-main proof.mjs < '{"proof", "subject", "purpose"}'
//
// Checks a proof with the README's snippet. The one line out is {"claims"} or {"error": the error's name}.
import { text } from 'node:stream/consumers';
import { claimsOf } from './snippets/proof-jose.mjs';

const { proof, subject, purpose } = JSON.parse(await text(process.stdin));
let said;
try {
  said = { claims: await claimsOf(proof, subject, purpose) };
} catch ({ name }) {
  said = { error: name };
}
process.stdout.write(`${JSON.stringify(said)}\n`);
