"""Federation: creating a provider and a domain, and the parameters that Cognito sends to a provider."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.claims.provider import AUTHORIZE_URL, create_provider, new_provider
from tools.first_account.sign_in import refusal_of

_CALLBACK = "https://example.com/first-account/callback"
_CALLS = ("CreateIdentityProvider", "CreateUserPoolClient", "GET /oauth2/authorize")
_LEVEL, _OTHER_LEVEL = "urn:cognito:loa:2", "urn:cognito:loa:4"
# The mapping has _LEVEL, and not _OTHER_LEVEL.
_MAPPING = {"Level2": "urn:first-account:two"}
_LACKS = "the parameters that Cognito sends to a provider in addition to the required ones"


class _RefusedRequest(NotTried):
    """Cognito redirected the browser back to the app with an error."""


def _discovery(account: ThrowAwayAccount) -> Observation:
    try:
        create_provider(account)
    except ClientError as error:
        return no(f"Cognito refused the provider: {refusal_of(error)}.")
    return yes("Cognito created a provider whose issuer has no discovery document.")


def _second_domain(account: ThrowAwayAccount) -> Observation:
    domain, pool_id = account.unique("passcode-first-account"), account.output("PoolId")
    try:
        account.cognito.create_user_pool_domain(Domain=domain, UserPoolId=pool_id)
    except ClientError as error:
        return yes(f"Cognito refused a second prefix: {refusal_of(error)}.")
    account.cognito.delete_user_pool_domain(Domain=domain, UserPoolId=pool_id)
    return no("Cognito created a second prefix domain.")


def _sent_to_provider(
    account: ThrowAwayAccount,
    sent: Mapping[str, str] | None = None,
    acr_mapping: Mapping[str, str] | None = None,
) -> dict[str, list[str]]:
    """Return the parameters that Cognito sends to the authorization endpoint of a new provider.

    A new app sends `sent` in addition to the required parameters, and neither a nonce nor PKCE.
    """
    return _sent_after(account, _new_request(account, acr_mapping) | dict(sent or {}))


def _new_request(account: ThrowAwayAccount, acr_mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the required parameters of an authorization request of a new app with a new provider."""
    provider = new_provider(account, acr_mapping)
    client_id = account.cognito.create_user_pool_client(
        UserPoolId=account.output("PoolId"),
        ClientName=account.unique("app"),
        SupportedIdentityProviders=[provider],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        CallbackURLs=[_CALLBACK],
    )["UserPoolClient"]["ClientId"]
    return {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": _CALLBACK,
        "scope": "openid email",
        "state": account.unique("state"),
        "identity_provider": provider,
    }


def _sent_after(account: ThrowAwayAccount, request: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the parameters that Cognito sends to the provider after the request of an app.

    Raises _RefusedRequest if Cognito refuses the request, and NotTried if it sends no redirect.
    """
    return account.wait_for(
        lambda: _query_for_provider(account, request),
        f"Cognito did not redirect a browser to {AUTHORIZE_URL}. The domain may not work yet: run again.",
    )


def _query_for_provider(account: ThrowAwayAccount, request: Mapping[str, str]) -> dict[str, list[str]] | None:
    response = account.get(f"{account.output('DomainUrl')}/oauth2/authorize?{urlencode(request)}")
    location = response.headers.get("location", "") if response else ""
    if location.startswith(_CALLBACK):
        reason = parse_qs(urlsplit(location).query).get("error_description", ["no reason given"])[0]
        raise _RefusedRequest(f"Cognito refused the request of the app: {reason.rstrip('.')}.")
    return parse_qs(urlsplit(location).query) if location.startswith(AUTHORIZE_URL) else None


def _observe(sent: Mapping[str, list[str]], *names: str) -> Observation:
    found = [name for name in names if name in sent]
    others = ", ".join(sorted(sent.keys() - set(names)))
    if found:
        return yes(f"The provider got {' and '.join(f'{name}={sent[name][0]}' for name in found)}.")
    return no(f"The provider got {others} only.")


def _nonce(account: ThrowAwayAccount) -> Observation:
    sent = _sent_to_provider(account)
    # A nonce is a random value, of no use to a reader.
    return yes("The provider got a nonce.") if "nonce" in sent else _observe(sent, "nonce")


def _pkce(account: ThrowAwayAccount) -> Observation:
    return _observe(_sent_to_provider(account), "code_challenge_method", "code_challenge")


def _max_age(account: ThrowAwayAccount) -> Observation:
    return _observe(_sent_to_provider(account, {"max_age": "60"}), "max_age")


def _acr_values(account: ThrowAwayAccount) -> Observation:
    sent = _sent_to_provider(account, {"acr_values": _LEVEL}, _MAPPING)
    if sent.get("acr_values") == [_LEVEL]:
        return no(f"The provider got acr_values={_LEVEL}, which is not the value of the mapping.")
    return _observe(sent, "acr_values")


def _unmapped_level(account: ThrowAwayAccount) -> Observation:
    request = _new_request(account, _MAPPING)
    if "acr_values" not in _sent_after(account, request | {"acr_values": _LEVEL}):
        raise NotTried("Cognito did not pass on a level of the mapping either.")
    try:
        # The domain works already, so this needs no wait.
        sent = _query_for_provider(account, request | {"acr_values": _OTHER_LEVEL})
    except _RefusedRequest as refused:
        return no(str(refused))
    if sent is None:
        raise NotTried("Cognito did not redirect the browser to the provider or to the app.")
    if "acr_values" in sent:
        return no(f"The provider got acr_values={sent['acr_values'][0]}.")
    return yes("The provider got the request without acr_values.")


def _kept_mapping(account: ThrowAwayAccount) -> Observation:
    provider = {"UserPoolId": account.output("PoolId"), "ProviderName": account.output("LevelsProvider")}
    account.cognito.update_identity_provider(**provider, AcrMapping=_MAPPING)
    account.parts.update("levels", Scopes="openid")
    found = account.cognito.describe_identity_provider(**provider)["IdentityProvider"]
    if found["ProviderDetails"].get("authorize_scopes") != "openid":
        raise NotTried("CloudFormation did not change the provider. Run again.")
    mapping = found.get("AcrMapping")
    if mapping == _MAPPING:
        return yes("CloudFormation changed the provider, and the AcrMapping stayed.")
    return no(f"After the update by CloudFormation, the AcrMapping was {mapping or 'missing'}.")


CLAIMS = (
    Claim(
        "provider-without-discovery",
        "Cognito creates an OpenID provider without reading its discovery document if all endpoints are "
        "named.",
        "CloudFormation creates the hosted provider right after its API, which may not answer yet.",
        ("CreateIdentityProvider",),
        ("pool",),
        changes(
            yes="Remove the comment about metadata from template.yaml.",
            no="The template must create the provider after the first response of its API.",
        ),
        _discovery,
    ),
    Claim(
        "one-prefix-domain",
        "Cognito refuses a second prefix domain of a pool.",
        "So a new HostedDomainPrefix takes two deployments (docs/deploy.md).",
        ("CreateUserPoolDomain", "DeleteUserPoolDomain"),
        ("pool", "domain"),
        changes(
            yes="Nothing.", no="Describe a change of HostedDomainPrefix in one deployment in docs/deploy.md."
        ),
        _second_domain,
    ),
    Claim(
        "nonce-to-the-provider",
        "Cognito sends a nonce to the provider, even if the app sent none.",
        "The hosted provider repeats a nonce, and does not require one.",
        _CALLS,
        ("pool", "domain"),
        changes(yes="The hosted provider can require a nonce.", no="Nothing."),
        _nonce,
        emulator_lacks=_LACKS,
    ),
    Claim(
        "pkce-to-the-provider",
        "Cognito uses PKCE with the provider.",
        "The hosted provider checks a code challenge if there is one, and does not require it.",
        _CALLS,
        ("pool", "domain"),
        changes(
            yes="The hosted provider can require PKCE.", no="Nothing. The client secret protects the code."
        ),
        _pkce,
        emulator_lacks=_LACKS,
    ),
    Claim(
        "max-age-to-the-provider",
        "Cognito passes `max_age` of the app's request on to the provider.",
        "An app that asks for a recent sign-in depends on it.",
        _CALLS,
        ("pool", "domain"),
        changes(
            yes="Nothing. The hosted provider can ask again.",
            no="Say in docs/hosted-sign-in.md that `max_age` has no effect, and recommend /step-up.",
        ),
        _max_age,
        emulator_lacks=_LACKS,
    ),
    Claim(
        "acr-values-to-the-provider",
        "Cognito passes `acr_values` on to a provider that has an AcrMapping, as the value of the mapping.",
        "An app that asks for a level depends on it.",
        _CALLS,
        ("pool", "domain"),
        changes(
            yes="Nothing. The hosted provider can refuse a level that it cannot meet.",
            no="Say in docs/hosted-sign-in.md that `acr_values` has no effect on the hosted page.",
        ),
        _acr_values,
        emulator_lacks=_LACKS,
    ),
    Claim(
        "level-without-a-mapping",
        "A request for a level that the provider's AcrMapping lacks reaches the provider without "
        "`acr_values`.",
        "`attach` maps all four levels, so that the provider refuses each level that it cannot meet "
        "(decision 37).",
        _CALLS,
        ("pool", "domain"),
        changes(
            yes="`doctor` must report an AcrMapping that lacks one of the four levels as an error: an app "
            "would get a lower level than it asked for.",
            no="Nothing. Write the observation into decision 37.",
        ),
        _unmapped_level,
        emulator_lacks=_LACKS,
    ),
    Claim(
        "mapping-after-an-update",
        "An update of an identity provider by CloudFormation keeps the AcrMapping that "
        "UpdateIdentityProvider set.",
        "CloudFormation's resource has no AcrMapping, so `attach` sets it once.",
        ("UpdateIdentityProvider", "UpdateStack", "DescribeIdentityProvider"),
        ("pool", "levels"),
        changes(
            yes="Nothing.",
            no="Say in docs/hosted-sign-in.md to run `attach` after each deployment that changes the "
            "provider, and let `make deploy` end with that sentence.",
        ),
        _kept_mapping,
    ),
)
