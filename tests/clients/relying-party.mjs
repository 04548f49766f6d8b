// node --preserve-symlinks --preserve-symlinks-main relying-party.mjs
//
// A relying party of the hosted sign-in's provider, with openid-client. It writes lines of JSON: first {"authorize"},
// the URL to which the user is sent; then {"claims", "userinfo"} or {"error"}. It reads one line: the URL of the
// redirect back to the app.
// Environment: ISSUER, LOCAL_ISSUER (the URL that serves the issuer's paths on this machine), CLIENT_ID, CLIENT_SECRET
// and REDIRECT_URI. NONCE, STATE and VERIFIER replace the values of the request in the checks of the response.
import { createInterface } from 'node:readline/promises';
import * as client from 'openid-client';

const { ISSUER, LOCAL_ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, ...changed } = process.env;
const writeLine = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// The issuer is a URL on AWS. Requests to it go to this machine; the rest of the protocol does not change.
const localUrl = (url) => String(url).replace(ISSUER, LOCAL_ISSUER);
const localFetch = (url, options) => fetch(localUrl(url), options);

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, client.ClientSecretPost(CLIENT_SECRET), {
  [client.customFetch]: localFetch,
});
// The ID token's signature is checked too, although it comes from the token endpoint.
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const request = client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid email phone',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
});
writeLine({ authorize: localUrl(request) });

const lines = createInterface({ input: process.stdin });
const { value: redirect } = await lines[Symbol.asyncIterator]().next();
try {
  const tokens = await client.authorizationCodeGrant(config, new URL(redirect), {
    pkceCodeVerifier: changed.VERIFIER ?? verifier,
    expectedState: changed.STATE ?? state,
    expectedNonce: changed.NONCE ?? nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  writeLine({ claims, userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub) });
} catch ({ error, code, cause }) {
  writeLine({ error: error ?? code, claim: cause?.claim });
}
lines.close();
