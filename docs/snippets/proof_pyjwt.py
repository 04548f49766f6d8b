import os
from typing import Any

import jwt

keys = jwt.PyJWKClient(os.environ["TOKEN_KEYS_URL"], timeout=5)
MUST_HAVE = ["exp", "iat", "jti", "sub"]


def claims_of(proof: str, subject: str, purpose: str) -> dict[str, Any]:
    """Return the claims of a proof for "payments" with this subject and purpose. Raises jwt.PyJWTError."""
    claims = jwt.decode(
        proof,
        keys.get_signing_key_from_jwt(proof),
        algorithms=["RS256"],
        issuer=os.environ["TOKEN_ISSUER"],
        audience="payments",
        options={"require": MUST_HAVE},
    )
    if (claims["sub"], claims.get("purpose")) != (subject, purpose):
        raise jwt.InvalidTokenError("the proof has another subject or purpose")
    return claims
