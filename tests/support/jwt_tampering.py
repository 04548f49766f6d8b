"""Forged tokens, as an attacker would make them."""

import base64
import json
from collections.abc import Iterator

from tests.support.kms_stubs import KEY_A, PRIVATE, kms, token_mac

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encoded(part: object) -> str:
    """A part of a token: a value as JSON, or bytes unchanged."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims."""
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims)


def with_mac(header: object, claims: object) -> str:
    """A token with a valid MAC. An attacker cannot make such a token without the key."""
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    return f"{signing_input}.{encoded(token_mac(signing_input.encode()))}"


def with_signature(header: object, claims: object, arn: str = KEY_A) -> str:
    """A token with a valid signature of a proof key."""
    assert arn in PRIVATE
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    signature = kms().sign(KeyId=arn, Message=signing_input.encode())["Signature"]
    return f"{signing_input}.{encoded(signature)}"


def tampered(token: str) -> Iterator[str]:
    """The token with one letter changed, at each place in turn."""
    for place, letter in enumerate(token):
        if letter == ".":
            continue
        # Flip the first of a character's six bits: the last bits of a part may have no meaning.
        other = BASE64URL[BASE64URL.index(letter) ^ 32]
        yield token[:place] + other + token[place + 1 :]


def rearranged(token: str) -> Iterator[str]:
    """The token with parts left out, doubled or put in another order."""
    header, claims, signature = token.split(".")
    yield from (
        header,
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f".{claims}.{signature}",
        f"{header}..{signature}",
    )
    yield from (
        f"{token}.",
        f".{token}",
        f"{token}.{signature}",
        f"{claims}.{header}.{signature}",
        f"{token}AAAA",
    )
    yield from (
        token[:-1],
        token[1:],
        f"{header}.{claims}.{signature[:-4]}",
        token.replace(".", ""),
        "..",
        ".",
    )
