import { createRemoteJWKSet, jwtVerify } from 'jose';

const { TOKEN_KEYS_URL, TOKEN_ISSUER } = process.env;
const keys = createRemoteJWKSet(new URL(TOKEN_KEYS_URL));

// Returns the claims of a proof for "payments" with this subject and purpose; throws for any other.
export async function claimsOf(proof, subject, purpose) {
  const { payload } = await jwtVerify(proof, keys, {
    algorithms: ['RS256'],
    issuer: TOKEN_ISSUER,
    audience: 'payments',
    subject,
    requiredClaims: ['exp', 'iat', 'jti'],
  });
  if (payload.purpose !== purpose) throw new Error('the proof has another purpose');
  return payload;
}
