"""Python client of the token service: request a code, check it, and use up its proof. Needs only boto3.

The modules import each other by relative names, so a copy of this folder works under any name.
"""

from .client import TokenClient
from .errors import CodeGone, TokenApiError, TooSoon, Unreachable, WrongCode
from .responses import Created, Introspection, Proof

__all__ = [
    "CodeGone",
    "Created",
    "Introspection",
    "Proof",
    "TokenApiError",
    "TokenClient",
    "TooSoon",
    "Unreachable",
    "WrongCode",
]
