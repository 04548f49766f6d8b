// node --preserve-symlinks --preserve-symlinks-main relying-party.mjs
//
// A relying party of the hosted sign-in's provider, by openid-client. Lines of JSON out: {"authorize": where the person
// is sent}, then {"claims", "userinfo"} or {"error"}. One line in: the address that the person came back to.
// From the environment: ISSUER, REACHED_AT (where the issuer's paths are answered here), CLIENT_ID, CLIENT_SECRET,
// REDIRECT_URI, and NONCE, STATE or VERIFIER where the check at the end is to be for another one than was asked with.
import { createInterface } from 'node:readline/promises';
import * as client from 'openid-client';

const { ISSUER, REACHED_AT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, ...changed } = process.env;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

// The issuer is the address that it has on AWS. Everything else of the protocol stays as it is.
const reached = (url) => String(url).replace(ISSUER, REACHED_AT);
const here = (url, options) => fetch(reached(url), options);

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, client.ClientSecretPost(CLIENT_SECRET), {
  [client.customFetch]: here,
});
// The ID token's signature is checked too, although it comes from the token endpoint.
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const asked = client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid email phone',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
});
say({ authorize: reached(asked) });

const lines = createInterface({ input: process.stdin });
const { value: back } = await lines[Symbol.asyncIterator]().next();
try {
  const tokens = await client.authorizationCodeGrant(config, new URL(back), {
    pkceCodeVerifier: changed.VERIFIER ?? verifier,
    expectedState: changed.STATE ?? state,
    expectedNonce: changed.NONCE ?? nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  say({ claims, userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub) });
} catch ({ error, code, cause }) {
  say({ error: error ?? code, claim: cause?.claim });
}
lines.close();
