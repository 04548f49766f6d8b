// node --preserve-symlinks --preserve-symlinks-main proof.mjs < '{"proof", "subject", "purpose"}'
//
// Checks a proof with the snippet of docs/token-service.md. Writes {"claims"}, or {"error"} with the name of the error.
import { text } from 'node:stream/consumers';
import { claimsOf } from './snippets/proof-jose.mjs';

const { proof, subject, purpose } = JSON.parse(await text(process.stdin));
let result;
try {
  result = { claims: await claimsOf(proof, subject, purpose) };
} catch ({ name }) {
  result = { error: name };
}
process.stdout.write(`${JSON.stringify(result)}\n`);
