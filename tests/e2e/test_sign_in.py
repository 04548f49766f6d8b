"""Sign-ins through Cognito on the local stack, with codes from the messages that the stack sent."""

import json
import time
from collections.abc import Callable

import jwt
import pytest
from botocore.exceptions import ClientError

from passcode.channels.channel import Destination, destination_id
from passcode.channels.sms import SMS
from passcode.delivery.sms_limits import number_key
from passcode.token_service.refusal import RefusalTag, parse_tag
from tests.support.live_sign_in import SignIn, code_only, password_and_code
from tests.support.users import COOLDOWN, User, another_code
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

NewUser = Callable[..., User]
CodeFor = Callable[..., str]
KEYS = {
    "status",
    "channel",
    "destination",
    "channels",
    "codeLength",
    "expiresIn",
    "resendIn",
    "attemptsLeft",
    "resendsLeft",
    "fallback",
}


def claims(sign_in: SignIn) -> dict[str, str]:
    """The claims of the ID token. The demo client's tests check its signature."""
    found: dict[str, str] = jwt.decode(sign_in.tokens["IdToken"], options={"verify_signature": False})
    return found


def refusal(code: str, sign_in: Callable[[], object]) -> str:
    """The message of Cognito's error. The name of the error must be `code`."""
    with pytest.raises(ClientError) as caught:
        sign_in()
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def wait_for_cooldown(sign_in: SignIn) -> None:
    """Wait until a resend sends a message. The app knows the time from `resendIn`."""
    assert int(sign_in.parameters["resendIn"]) <= COOLDOWN
    time.sleep(int(sign_in.parameters["resendIn"]) + 1)


def test_a_password_and_a_code_by_email_give_tokens(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sign_in = password_and_code(local_stack, user)
    assert set(sign_in.parameters) - {"USERNAME"} == KEYS
    assert sign_in.parameters["status"] == "SENT"
    assert sign_in.parameters["destination"] == "u***@p***"
    assert json.loads(sign_in.parameters["channels"]) == {
        "email": "u***@p***",
        "sms": f"+***{user.phone[-4:]}",
    }
    assert claims(sign_in.answer(code_for(user.email)))["sub"] == user.sub


def test_a_code_by_sms_alone_gives_tokens(
    local_stack: Stack, new_user: NewUser, messages_to: Callable[..., list[Message]], code_for: CodeFor
) -> None:
    user = new_user(channel="sms")
    sign_in = code_only(local_stack).start(user.email)
    assert sign_in.parameters["channel"] == "email", "the same for all users before a password"
    assert sign_in.parameters["destination"] == "***@***", (
        "the mask shows nothing before a password is proven"
    )
    (message,) = messages_to(user.phone)
    assert message.text.splitlines()[-1] == f"@app.passcode.example #{code_for(user.phone)}"
    assert claims(sign_in.answer(code_for(user.phone)))["sub"] == user.sub


def test_the_right_code_is_accepted_after_a_wrong_one(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    code = code_for(user.email)
    sign_in.answer(another_code(code))
    assert (sign_in.parameters["status"], sign_in.parameters["attemptsLeft"]) == ("WRONG", "4")
    assert sign_in.answer(f"{code[:3]} {code[3:]}").tokens


def test_a_code_is_refused_the_second_time(local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    user = new_user()
    first, second = code_only(local_stack).start(user.email), code_only(local_stack).start(user.email)
    assert second.parameters["status"] == "WAITING", "two starts in the cooldown send one message"
    code = code_for(user.email)
    assert first.answer(code).tokens
    assert second.answer(code).parameters["status"] == "WRONG"


def test_five_wrong_codes_end_the_sign_in(local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    wrong = another_code(code_for(user.email))
    for left in ("4", "3", "2", "1"):
        assert sign_in.answer(wrong).parameters["attemptsLeft"] == left
    assert "Incorrect username or password" in refusal(
        "NotAuthorizedException", lambda: sign_in.answer(wrong)
    )


def test_after_five_wrong_codes_the_next_one_is_long_and_the_owner_signs_in(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    guess = code_only(local_stack).start(user.email)
    assert guess.parameters["codeLength"] == "8"
    code = code_for(user.email)
    for number in range(1, 5):
        guess.answer(another_code(code, number))
    refusal("NotAuthorizedException", lambda: guess.answer(another_code(code, 5)))
    # An answer is compared with two codes. So ten guesses are used, and the open code is not shown any more.
    wait_for_cooldown(guess)
    asked = code_only(local_stack).start(user.email)
    assert (asked.parameters["status"], asked.parameters["codeLength"]) == ("SENT", "20")
    long_code = code_for(user.email, 2)
    assert len(long_code) == 20
    assert asked.answer(another_code(long_code)).parameters["status"] == "WRONG"
    assert asked.answer(long_code).tokens


def test_guesses_without_the_password_do_not_change_the_sign_in_with_it(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    guess = code_only(local_stack).start(user.email)
    code = code_for(user.email)
    for number in range(1, 5):
        guess.answer(another_code(code, number))
    asked = password_and_code(local_stack, user)
    assert (asked.parameters["status"], asked.parameters["codeLength"]) == ("SENT", "6")
    assert not asked.answer(code).tokens, "a code of the other kind is malformed"
    assert asked.answer(code_for(user.email, 2)).tokens


def test_a_resend_repeats_the_code_and_another_channel_gets_another_one(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    code = code_for(user.email)
    sign_in.answer("again", action="resend")
    assert sign_in.parameters["status"] == "WAITING"
    wait_for_cooldown(sign_in)
    sign_in.answer("again", action="resend")
    assert sign_in.parameters["status"] == "SENT"
    assert code_for(user.email, 2) == code, "the code of the first message is still valid"
    wait_for_cooldown(sign_in)
    sign_in.answer("again", action="resend", channel="sms")
    assert (sign_in.parameters["status"], sign_in.parameters["channel"]) == ("SENT", "sms")
    assert sign_in.parameters["attemptsLeft"] == "5", "a resend costs no attempt"
    assert code_for(user.phone) != code, "each destination has its own code"
    assert sign_in.answer(code).tokens, "the code of the first message is still valid"


def test_an_answer_with_a_resend_request_is_not_checked(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    assert not sign_in.answer(code_for(user.email), action="resend").tokens
    assert sign_in.answer(code_for(user.email)).tokens


def test_an_unknown_user_gets_the_challenges_of_a_known_user(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user(phone=False)
    known = code_only(local_stack).start(user.email)
    unknown = code_only(local_stack).start("unknown-user@people.example")
    assert set(unknown.parameters) == set(known.parameters)
    assert unknown.parameters["status"] == known.parameters["status"] == "SENT"
    assert unknown.parameters["destination"] in ("***@***", "+***")
    wrong = another_code(code_for(user.email))
    for sign_in in (known, unknown):
        assert sign_in.answer(wrong).parameters["status"] == "WRONG"


def test_the_password_cannot_be_left_out(local_stack: Stack, new_user: NewUser) -> None:
    user = new_user()
    skipping = SignIn(local_stack, local_stack.clients["password_and_code"])
    refusal("NotAuthorizedException", lambda: skipping.start(user.email))


def test_a_wrong_password_sends_no_code(local_stack: Stack, new_user: NewUser) -> None:
    user = new_user()
    sign_in = SignIn(local_stack, local_stack.clients["password_and_code"])
    refusal("NotAuthorizedException", lambda: sign_in.start_with_password(user.email, "not the password"))


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH"])
@pytest.mark.parametrize("client", ["password_and_code", "code_only"])
def test_no_app_client_allows_a_sign_in_without_a_code(
    local_stack: Stack, new_user: NewUser, flow: str, client: str
) -> None:
    described = local_stack.client("cognito-idp").describe_user_pool_client(
        UserPoolId=local_stack.user_pool_id, ClientId=local_stack.clients[client]
    )["UserPoolClient"]
    assert sorted(described["ExplicitAuthFlows"]) == ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert described["PreventUserExistenceErrors"] == "ENABLED"
    user = new_user()
    with pytest.raises(ClientError):
        local_stack.client("cognito-idp").initiate_auth(
            ClientId=local_stack.clients[client],
            AuthFlow=flow,
            AuthParameters={"USERNAME": user.email, "PASSWORD": user.password, "SRP_A": "a" * 64},
        )


def test_a_user_without_a_verified_address_is_refused_after_the_password(
    local_stack: Stack, new_user: NewUser
) -> None:
    user = new_user(phone=False, email_verified="false")
    error_text = refusal("UserLambdaValidationException", lambda: password_and_code(local_stack, user))
    assert error_text.startswith("CreateAuthChallenge failed with error ")
    assert parse_tag(error_text) == RefusalTag("no_destination")


def test_after_the_password_a_user_whose_number_gets_no_sms_now_reads_the_wait(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user(email_verified="false")
    create = local_stack.functions["create_auth_challenge"]
    settings = local_stack.client("lambda").get_function_configuration(FunctionName=create)["Environment"]
    number_id = destination_id(Destination(SMS, user.phone), settings["Variables"]["SALT"])
    key = {"pk": {"S": f"sms_to#{number_key(number_id, is_open_class=False)}"}}
    # Three SMS without an answer, the last one longer ago than a code is valid.
    counts = {"open": {"N": "3"}, "open_at": {"N": str(int(time.time()) - 1000)}}
    table = local_stack.client("dynamodb")
    table.put_item(TableName=local_stack.table, Item=key | counts)
    tag = parse_tag(refusal("UserLambdaValidationException", lambda: password_and_code(local_stack, user)))
    assert tag is not None
    assert tag.reason == "sms_stopped"
    assert 2000 < tag.retry_after <= 2600
    table.delete_item(TableName=local_stack.table, Key=key)
    sign_in = password_and_code(local_stack, user)
    assert sign_in.parameters["channel"] == "sms"
    sign_in.answer(code_for(user.phone))
    assert sign_in.tokens


def test_the_message_is_in_the_language_of_the_user(
    local_stack: Stack, new_user: NewUser, messages_to: Callable[..., list[Message]]
) -> None:
    user = new_user(locale="ar-EG")
    code_only(local_stack).start(user.email)
    (message,) = messages_to(user.email)
    assert 'dir="rtl"' in message.html
    assert "\u0631\u0645\u0632" in message.subject


def test_any_string_is_accepted_as_a_wrong_answer(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    code = code_for(user.email)
    for typed in ("x" * 100_000, "\u0661\u0662\u0663\u0664\u0665\u0666", "{}", "\0"):
        assert sign_in.answer(typed).parameters["status"] == "WRONG"
    assert sign_in.answer(f"{code[:3]}-{code[3:]}").tokens, "malformed answers are not counted"


def test_too_many_starts_are_refused_with_the_wait(local_stack: Stack, new_user: NewUser) -> None:
    """The test writes the state after five messages to the table, so that it does not wait for them."""
    user = new_user()
    code_only(local_stack).start(user.email)
    now = int(time.time())
    local_stack.client("dynamodb").update_item(
        TableName=local_stack.table,
        Key={"pk": {"S": f"sign_in_code#{user.sub}"}},
        UpdateExpression="SET send_tat = :debt, expires_at = :over, sent_at = :over",
        ExpressionAttributeValues={":debt": {"N": str(now + 3_000)}, ":over": {"N": str(now - 60)}},
    )
    error_text = refusal("UserLambdaValidationException", lambda: code_only(local_stack).start(user.email))
    assert error_text.startswith("CreateAuthChallenge failed with error Too many codes were requested. ")
    tag = parse_tag(error_text)
    assert tag is not None
    assert tag.reason == "quota"
    assert 550 <= tag.retry_after <= 600
