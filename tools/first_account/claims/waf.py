"""AWS WAF: a web ACL right after its creation, the path that it sees, and the calls that it inspects."""

from typing import Any

from botocore.exceptions import ClientError

from tools.first_account.account import HttpResponse, ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.claims.gateway import observe_headers
from tools.first_account.claims.templates import observe_created
from tools.first_account.sign_in import refusal_of
from tools.pool_admin.errors import error_code

_NOT_BLOCKED = (
    "AWS WAF blocked none of the requests that it should block. Its rules may not work yet: run again."
)


def _fresh(account: ThrowAwayAccount) -> Observation:
    failure = account.parts.failures.get("waf")
    if failure is None:
        return yes("CloudFormation created two web ACLs and their associations in one deployment.")
    if "WAFUnavailable" in failure:
        return no(failure)
    raise NotTried(f"The part waf is missing. {failure}")


def _samples(account: ThrowAwayAccount) -> Observation:
    return observe_created(
        account, "samples", "CloudFormation created a web ACL with samples and DataProtectionConfig."
    )


def _blocked(account: ThrowAwayAccount) -> tuple[str, HttpResponse]:
    """Return the path that AWS WAF blocks, and its response."""

    def look() -> tuple[str, HttpResponse] | None:
        found = {
            path: account.get(account.output("ApiUrl") + path)
            for path in ("/full-path", "/short-path", "/open-path")
        }
        # A new API refuses every path with the same status until its deployment has arrived.
        blocked = [
            (path, response) for path, response in found.items() if response and response.status == 403
        ]
        return blocked[0] if len(blocked) == 1 and blocked[0][0] != "/open-path" else None

    return account.wait_for(look, _NOT_BLOCKED)


def _path(account: ThrowAwayAccount) -> Observation:
    path, _ = _blocked(account)
    if path == "/full-path":
        return yes("A rule for /v1/full-path blocked GET /v1/full-path.")
    return no("A rule for /short-path blocked GET /v1/short-path.")


def _gateway_response(account: ThrowAwayAccount) -> Observation:
    return observe_headers(_blocked(account)[1])


def _admin_calls(account: ThrowAwayAccount) -> Observation:
    client_id, cognito = account.output("GuardedClientId"), account.cognito
    name = {"USERNAME": account.unique("unknown"), "PASSWORD": "Aa1!no-such-password"}

    def look() -> str | None:
        code = _refusal(
            cognito.initiate_auth, ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=name
        )[0]
        return code if code == "ForbiddenException" else None

    account.wait_for(look, _NOT_BLOCKED)
    code, sentence = _refusal(
        cognito.admin_initiate_auth,
        UserPoolId=account.output("GuardedPoolId"),
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters=name,
    )
    if code == "ForbiddenException":
        return no("A web ACL that blocks every request blocked AdminInitiateAuth too.")
    return yes(f"InitiateAuth was blocked. AdminInitiateAuth was not ({sentence}).")


def _refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    try:
        call(**arguments)
    except ClientError as error:
        return error_code(error), refusal_of(error)
    return "", "no error"


CLAIMS = (
    Claim(
        "fresh-web-acl",
        "A web ACL can be associated right after it was created.",
        "`WebAcl: ON` creates the web ACL and its associations in one deployment.",
        ("CreateWebACL", "AssociateWebACL"),
        (),
        changes(
            yes="Remove WAFUnavailableEntityException from docs/deploy.md after some runs in several "
            "regions.",
            no="Nothing. docs/deploy.md says to deploy again.",
        ),
        _fresh,
        emulator_lacks="the time that AWS needs to distribute a web ACL",
    ),
    Claim(
        "path-under-waf",
        "AWS WAF sees the path of a REST API with the name of the API Gateway stage: /v1/full-path.",
        "The web ACL of template.yaml has rules for the paths of the token service and the hosted sign-in.",
        ("GET /v1/full-path", "GET /v1/short-path", "GET /v1/open-path"),
        ("api", "waf"),
        changes(
            yes="The rules can require /v1 at the start of a path.",
            no="The rules can leave out /v1 at the start of a path.",
        ),
        _path,
    ),
    Claim(
        "waf-gateway-response",
        "A caller whom AWS WAF blocks gets the gateway response WAF_FILTERED.",
        "A blocked back end should read a problem document, and a blocked browser a page.",
        ("GET /v1/full-path",),
        ("api", "waf"),
        changes(yes="Nothing.", no="Say in docs/token-service.md what a blocked caller reads."),
        _gateway_response,
    ),
    Claim(
        "admin-calls-under-waf",
        "AWS WAF on a pool does not inspect AdminInitiateAuth.",
        "The hosted page signs all users in from a few addresses of Lambda. A limit per address would stop "
        "it.",
        ("InitiateAuth (USER_PASSWORD_AUTH)", "AdminInitiateAuth (ADMIN_USER_PASSWORD_AUTH)"),
        ("waf",),
        changes(
            yes="Nothing.",
            no="The rate rule must leave out the calls of the hosted page, or WebAcl and HostedSignInMode "
            "exclude each other.",
        ),
        _admin_calls,
    ),
    Claim(
        "protected-samples",
        "AWS WAF accepts a DataProtectionConfig for headers and the query string in a web ACL with samples.",
        "Samples of the rate rules show an operator who was blocked, and must contain no token or address.",
        ("CreateWebACL",),
        (),
        changes(
            yes="Nothing.",
            no="Remove DataProtectionConfig from template.yaml, and switch the samples off. Deployments with "
            "WebAcl fail until then.",
        ),
        _samples,
        emulator_lacks="a check of DataProtectionConfig",
    ),
)
