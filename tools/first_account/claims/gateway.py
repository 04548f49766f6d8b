"""Gateway responses of API Gateway."""

from tools.first_account.account import HttpResponse, ThrowAwayAccount
from tools.first_account.claim import Claim, Observation, changes, no, yes

# The headers in templates/api.yaml.
HEADERS = {
    "content-type": "application/problem+json",
    "retry-after": "30",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "sandbox",
    "referrer-policy": "no-referrer",
}


def wrong_headers(response: HttpResponse) -> list[str]:
    """Return the headers of a gateway response that are missing or have another value."""
    return [name for name, value in HEADERS.items() if response.headers.get(name) != value]


def observe_headers(response: HttpResponse) -> Observation:
    """Return whether a response has all headers of the gateway response."""
    wrong = wrong_headers(response)
    if wrong:
        return no(f"These headers were missing or had another value: {', '.join(wrong)}.")
    return yes(f"A response with status {response.status} had all {len(HEADERS)} headers.")


def _headers(account: ThrowAwayAccount) -> Observation:
    url = f"{account.output('ApiUrl')}/no-such-path"
    response = account.wait_for(
        lambda: account.get(url), f"API Gateway did not respond at {account.output('ApiUrl')}. Run again."
    )
    return observe_headers(response)


CLAIMS = (
    Claim(
        "headers-of-gateway-responses",
        "API Gateway sends the headers that a gateway response sets, including Content-Type and Retry-After.",
        "Errors of the token service are problem documents, and those of the hosted page have security "
        "headers.",
        ("GET /v1/no-such-path",),
        ("api",),
        changes(yes="Nothing.", no="Say in docs/token-service.md which errors lack these headers."),
        _headers,
    ),
)
