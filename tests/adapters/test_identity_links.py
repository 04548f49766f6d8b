"""The identity link: made once, and a refusal is never mistaken for a link."""

import json

import pytest

from passcode.adapters.cognito_users import CognitoUsers, IdentityLinker
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import SUB

ATTRIBUTES = {"sub": SUB, "email": "ann@example.com"}
LINKED = {"identities": json.dumps([{"providerName": "OneTimeCode", "userId": SUB}])}
MERGED = refused_by_aws("InvalidParameterException")


def links(client: RecordingClient) -> IdentityLinker:
    return IdentityLinker(lambda: client, "pool", "OneTimeCode", CognitoUsers(lambda: client, "pool"))


def user(**attributes: str) -> dict[str, object]:
    found = [{"Name": name, "Value": value} for name, value in (ATTRIBUTES | attributes).items()]
    return {"Enabled": True, "UserAttributes": found}


def test_a_user_is_linked_by_their_subject() -> None:
    client = RecordingClient()
    links(client).link_user("user-name", ATTRIBUTES)
    (call,) = client.sent("admin_link_provider_for_user")
    assert call["DestinationUser"] == {"ProviderName": "Cognito", "ProviderAttributeValue": "user-name"}
    assert call["SourceUser"] == {
        "ProviderName": "OneTimeCode",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": SUB,
    }


def test_a_linked_user_costs_no_call() -> None:
    client = RecordingClient()
    links(client).link_user("user-name", ATTRIBUTES | LINKED)
    assert client.calls == []


def test_a_link_by_a_faster_request_is_accepted() -> None:
    client = RecordingClient({"admin_get_user": user(**LINKED)}, admin_link_provider_for_user=MERGED)
    links(client).link_user("user-name", ATTRIBUTES)


@pytest.mark.parametrize(
    "identities",
    [
        "[]",
        json.dumps([{"providerName": "Google", "userId": SUB}]),
        json.dumps([{"providerName": "OneTimeCode", "userId": "another"}]),
    ],
)
def test_a_refusal_is_not_mistaken_for_a_link(identities: str) -> None:
    """Otherwise, Cognito would make a second user with the same address, and no error would show it."""
    client = RecordingClient(
        {"admin_get_user": user(identities=identities)}, admin_link_provider_for_user=MERGED
    )
    with pytest.raises(Unavailable):
        links(client).link_user("user-name", ATTRIBUTES)


def test_a_failed_link_stops_the_sign_in() -> None:
    client = RecordingClient(admin_link_provider_for_user=refused_by_aws("AliasExistsException"))
    with pytest.raises(Unavailable):
        links(client).link_user("user-name", ATTRIBUTES)
