"""The token service from Python: ask for a code, judge the answer, check the proof. Needs boto3 alone."""

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
