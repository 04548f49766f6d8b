"""Users of the local AWS: verified attributes, and user names in any letter case."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_stack_user import Caller, new_user
from tests.support.users import code_in
from tools.local_stack import inbox, notices
from tools.local_stack.stack import Stack

PASSWORD = "A long enough passw0rd!"
NEW_PASSWORD = "An0ther long passw0rd!"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Pool:
    """A pool, with one app client that signs up users."""

    stack: Stack
    id: str
    client_id: str

    @property
    def api(self) -> Any:
        return self.stack.client("cognito-idp")

    def sign_up(self, name: str, **attributes: str) -> None:
        self.api.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )

    def confirm(self, name: str, address: str) -> None:
        code = code_to(self.stack, address)
        self.api.confirm_sign_up(ClientId=self.client_id, Username=name, ConfirmationCode=code)

    def user(self, name: str) -> dict[str, str]:
        found = self.api.admin_get_user(UserPoolId=self.id, Username=name)
        attributes = {item["Name"]: item["Value"] for item in found["UserAttributes"]}
        return {"name": found["Username"], "status": found["UserStatus"]} | attributes


def code_to(stack: Stack, address: str) -> str:
    return code_in(inbox.read(stack, address, with_emulator=True)[-1])


def new_pool(stack: Stack, **settings: Any) -> Pool:
    api = stack.client("cognito-idp")
    pool_id = api.create_user_pool(PoolName=f"pool-{next(_numbers)}", **settings)["UserPool"]["Id"]
    client = api.create_user_pool_client(UserPoolId=pool_id, ClientName="app")["UserPoolClient"]
    return Pool(stack, pool_id, client["ClientId"])


def stack_pool(stack: Stack) -> Pool:
    return Pool(stack, stack.user_pool_id, stack.clients["code_only"])


def new_email() -> str:
    return f"Person.{next(_numbers)}@People.Example"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_confirm_sign_up_verifies_the_email_address(probed: Stack) -> None:
    pool, email = stack_pool(probed), new_email()
    pool.sign_up(email)
    assert "email_verified" not in pool.user(email)
    pool.confirm(email, email)
    assert pool.user(email)["status"] == "CONFIRMED"
    assert pool.user(email)["email_verified"] == "true"


def test_a_wrong_code_verifies_nothing(probed: Stack) -> None:
    pool, email = stack_pool(probed), new_email()
    pool.sign_up(email)
    with pytest.raises(ClientError) as error:
        pool.api.confirm_sign_up(ClientId=pool.client_id, Username=email, ConfirmationCode="000000")
    assert code_of(error) == "CodeMismatchException"
    assert "email_verified" not in pool.user(email)


def test_the_code_goes_to_the_phone_number_if_the_pool_verifies_both(probed: Stack) -> None:
    pool = new_pool(probed, AutoVerifiedAttributes=["email", "phone_number"])
    email = new_email()
    pool.sign_up("ada", email=email, phone_number="+12025550171")
    assert not inbox.read(probed, email, with_emulator=True)
    pool.confirm("ada", "+12025550171")
    assert pool.user("ada")["phone_number_verified"] == "true"
    assert "email_verified" not in pool.user("ada")


def test_an_attribute_that_the_pool_does_not_verify_stays_unverified(probed: Stack) -> None:
    pool = new_pool(probed)
    email = new_email()
    pool.sign_up("ada", email=email)
    pool.confirm("ada", email)
    assert pool.user("ada")["status"] == "CONFIRMED"
    assert "email_verified" not in pool.user("ada")


def signed_in(stack: Stack) -> tuple[str, str]:
    """A new user's email address, and an access token."""
    email, _ = new_user(stack, PASSWORD)
    app = Caller(stack)
    return email, app.answer(app.start(email)["Session"], email, "right")["AuthenticationResult"][
        "AccessToken"
    ]


def test_a_phone_number_is_verified_by_its_code(probed: Stack) -> None:
    email, token = signed_in(probed)
    pool, number = stack_pool(probed), "+12025550172"
    pool.api.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "phone_number", "Value": number}]
    )
    assert pool.user(email)["phone_number_verified"] == "false"
    response = pool.api.get_user_attribute_verification_code(AccessToken=token, AttributeName="phone_number")
    assert response["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    code = code_to(probed, number)
    with pytest.raises(ClientError) as error:
        pool.api.verify_user_attribute(AccessToken=token, AttributeName="phone_number", Code=f"{code}0")
    assert code_of(error) == "CodeMismatchException"
    pool.api.verify_user_attribute(AccessToken=token, AttributeName="phone_number", Code=code)
    assert pool.user(email)["phone_number_verified"] == "true"


def test_a_new_email_address_waits_for_its_code(probed: Stack) -> None:
    email, token = signed_in(probed)
    pool, address = stack_pool(probed), new_email()
    response = pool.api.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": address}]
    )
    assert [details["AttributeName"] for details in response["CodeDeliveryDetailsList"]] == ["email"]
    name = pool.user(email)["name"]
    pool.api.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code_to(probed, address))
    assert pool.user(name)["email"] == address
    assert pool.user(name)["email_verified"] == "true"


def test_every_operation_finds_the_user_in_any_letter_case(probed: Stack) -> None:
    pool, email = stack_pool(probed), new_email()
    other = email.swapcase()
    pool.sign_up(email)
    pool.confirm(other, email)
    assert pool.user(other)["name"] == pool.user(email)["name"]
    pool.api.forgot_password(ClientId=pool.client_id, Username=other)
    pool.api.confirm_forgot_password(
        ClientId=pool.client_id,
        Username=other.lower(),
        ConfirmationCode=code_to(probed, email),
        Password=NEW_PASSWORD,
    )
    pool.api.admin_update_user_attributes(
        UserPoolId=pool.id, Username=other, UserAttributes=[{"Name": "locale", "Value": "de"}]
    )
    assert pool.user(email)["locale"] == "de"
    app = Caller(probed)
    assert "AuthenticationResult" in app.answer(app.start(other)["Session"], other.lower(), "right")
    proven = Caller(probed, "password_and_code").prove(other, NEW_PASSWORD)
    assert proven["ChallengeName"] == "CUSTOM_CHALLENGE"
    names = {
        json.loads(line.removeprefix("EVENT "))["userName"]
        for line in probed.logs()["create_auth_challenge"]
        if email.lower() in line.lower()
    }
    assert names == {pool.user(email)["name"]}


def test_a_user_name_in_another_letter_case_is_taken(probed: Stack) -> None:
    pool, email = stack_pool(probed), new_email()
    pool.sign_up(email)
    names = new_pool(probed, UsernameConfiguration={"CaseSensitive": False})
    names.sign_up("Ada")
    for each, name in ((pool, email.swapcase()), (names, "aDA")):
        with pytest.raises(ClientError) as error:
            each.sign_up(name)
        assert code_of(error) == "UsernameExistsException"
        with pytest.raises(ClientError) as error:
            each.api.admin_create_user(UserPoolId=each.id, Username=name)
        assert code_of(error) == "UsernameExistsException"
    assert names.user("ADA")["name"] == "Ada"


def test_a_pool_without_the_setting_distinguishes_letter_cases(probed: Stack) -> None:
    pool = new_pool(probed)
    pool.sign_up("Ada")
    pool.sign_up("ada")
    with pytest.raises(ClientError) as error:
        pool.user("ADA")
    assert code_of(error) == "UserNotFoundException"


def test_an_email_alias_has_to_be_verified_in_any_letter_case(probed: Stack) -> None:
    pool = new_pool(
        probed,
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
    )
    email = new_email()
    pool.sign_up("Ada", email=email)
    with pytest.raises(ClientError) as error:
        pool.user(email.swapcase())
    assert code_of(error) == "UserNotFoundException"
    pool.confirm("ADA", email)
    assert pool.user(email.swapcase())["name"] == "Ada"


def test_a_notice_gives_the_reason_for_a_decoy(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    Caller(probed).start(email)
    Caller(probed).start("not-there@people.example")
    api = probed.client("cognito-idp")
    verified, _ = new_user(probed, PASSWORD)
    api.admin_update_user_attributes(
        UserPoolId=probed.user_pool_id,
        Username=verified,
        UserAttributes=[{"Name": "email_verified", "Value": "true"}],
    )
    Caller(probed).start(verified)
    # With the password proven, the user gets an error and no decoy.
    Caller(probed, "password_and_code").prove(email, PASSWORD)
    expected = (
        f"create_auth_challenge uses a decoy for {email}: the user has no verified email address or "
        "phone number."
    )
    assert [line for line in notices.read() if email in line] == [expected]
    assert not any(verified in line or "not-there" in line for line in notices.read())
    assert not any("uses a decoy" in line for line in probed.logs()["create_auth_challenge"])
