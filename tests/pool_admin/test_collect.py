"""The calls of the doctor: their limits, and the facts of calls that fail."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.fake_user_pool import POOL_ID, FakeCognito, Json, RefusedError
from tests.support.pool_admin_world import FUNCTIONS, OTHERS, World, refusal
from tools.pool_admin.aws_resources.backup import Backup
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.context import AdminContext
from tools.pool_admin.doctor.collect import collect_facts, count_users, email_facts, find_attached_stack
from tools.pool_admin.doctor.facts import EmailFacts, Reason, Unchecked

BOTH = ("email", "sms")


class Users(FakeCognito):
    """A pool with users, by pages. `bodies` are the requests."""

    def __init__(self, users: list[Json], *, fails: str = "", at: int = 0) -> None:
        super().__init__({}, {})
        self.users, self.fails, self.at = users, fails, at
        self.bodies: list[Json] = []

    def _ListUsers(self, body: Json) -> Json:  # noqa: N802
        if self.fails and len(self.bodies) == self.at:
            raise RefusedError(self.fails, "no")
        self.bodies.append(body)
        first = int(body.get("PaginationToken", 0))
        last = first + body["Limit"]
        more = {"PaginationToken": str(last)} if last < len(self.users) else {}
        return {"Users": self.users[first:last]} | more


def user(status: str = "CONFIRMED", *, enabled: bool = True, **attributes: str) -> Json:
    listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
    return {"Username": "ada", "UserStatus": status, "Enabled": enabled, "Attributes": listed}


ADA = user(email="ada@people.example", email_verified="true")


def test_users_are_counted_up_to_a_limit() -> None:
    pool = Users([ADA] * 990 + [user()] * 500)
    facts = count_users(pool.client(), POOL_ID, BOTH)
    assert (facts.counted, facts.without_address, facts.more) == (1000, 10, True)
    assert len(pool.bodies) == 17
    assert {body["Limit"] for body in pool.bodies} == {60}
    assert not any("AttributesToGet" in body for body in pool.bodies)


@pytest.mark.parametrize("count", [0, 1, 60, 1000])
def test_a_pool_within_the_limit_is_counted_completely(count: int) -> None:
    facts = count_users(Users([ADA] * count).client(), POOL_ID, BOTH)
    assert (facts.counted, facts.without_address, facts.more) == (count, 0, False)


@pytest.mark.parametrize(
    ("one", "channels", "without"),
    [
        (user(email="a@b.example", email_verified="True"), ("email",), 0),
        (user(email="a@b.example", email_verified="false"), ("email",), 1),
        (user(email="a@b.example"), ("email",), 1),
        (user(email_verified="true"), ("email",), 1),
        (user(email="a@b.example", email_verified="true"), ("sms",), 1),
        (user(phone_number="+1", phone_number_verified="true"), ("sms",), 0),
        (user(phone_number="+1", phone_number_verified="true"), BOTH, 0),
        (user("FORCE_CHANGE_PASSWORD"), BOTH, 1),
        (user("RESET_REQUIRED"), BOTH, 1),
    ],
)
def test_who_has_a_verified_address(one: Json, channels: tuple[str, ...], without: int) -> None:
    facts = count_users(Users([one]).client(), POOL_ID, channels)
    assert (facts.counted, facts.without_address) == (1, without)


@pytest.mark.parametrize("one", [user("EXTERNAL_PROVIDER"), user("UNCONFIRMED"), user(enabled=False)])
def test_users_who_cannot_sign_in_with_a_code_are_not_counted(one: Json) -> None:
    assert count_users(Users([one]).client(), POOL_ID, BOTH).counted == 0


@pytest.mark.parametrize("at", [0, 3])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", Reason.DENIED),
        ("TooManyRequestsException", Reason.THROTTLED),
        ("InvalidAction", Reason.NOT_OFFERED),
    ],
)
def test_users_that_cannot_be_listed(code: str, reason: Reason, at: int, monkeypatch: Any) -> None:
    # botocore waits between its attempts.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    here = World({}, {})
    pool = Users([ADA] * 990, fails=code, at=at)
    here.aws = pool
    assert collect_facts(here.context(), None).users == Unchecked("ListUsers", reason)


def test_other_errors_are_raised() -> None:
    ses: Any = Ses(refusal("InternalFailure", "GetAccount"))
    with pytest.raises(ClientError, match="InternalFailure"):
        email_facts(ses, "a@b.example")


class Ses:
    """SES of an account. `answer` is an error instead, if it is one."""

    def __init__(self, answer: Json | Exception) -> None:
        self.answer, self.calls = answer, 0

    def get_account(self) -> Json:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get_email_identity(self, EmailIdentity: str) -> Json:  # noqa: N803
        return {"VerifiedForSendingStatus": EmailIdentity == "b.example"}


def test_the_limits_of_ses() -> None:
    ses: Any = Ses({"ProductionAccessEnabled": True, "SendQuota": {"MaxSendRate": 14.0}})
    assert email_facts(ses, "a@b.example") == EmailFacts("a@b.example", True, True, 14.0)
    assert ses.calls == 1
    without_quota: Any = Ses({})
    assert email_facts(without_quota, "a@b.example") == EmailFacts("a@b.example", True, False, 0.0)
    throttled = Unchecked("GetAccount", Reason.THROTTLED)
    refused: Any = Ses(refusal("TooManyRequestsException", "GetAccount"))
    assert email_facts(refused, "a@b.example") == EmailFacts("a@b.example", True, throttled, throttled)


class Lambda:
    """Lambda of an account."""

    def __init__(self, limit: Json | None = None, stack: str = "passcode") -> None:
        self.limit, self.stack = limit, stack
        self.asked = ""

    def get_account_settings(self) -> Json:
        return {} if self.limit is None else {"AccountLimit": self.limit}

    def list_tags(self, Resource: str) -> Json:  # noqa: N803
        self.asked = Resource
        return {"Tags": {"aws:cloudformation:stack-name": self.stack} if self.stack else {}}


@pytest.mark.parametrize(
    ("limit", "concurrency"),
    [
        ({"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}, 900),
        ({"ConcurrentExecutions": 10}, 10),
        ({}, 0),
        (None, 0),
    ],
)
def test_the_limits_of_lambda(limit: Json | None, concurrency: int) -> None:
    client: Any = Lambda(limit)
    assert Functions(client).unreserved_concurrency() == concurrency


def context(client: Any, saved: str = "") -> AdminContext:
    here = World({}, {})
    found = here.context()
    if saved:
        here.ssm[found.backups.parameter] = Backup(POOL_ID, saved).to_json()
    return AdminContext(
        found.aws, found.pool, Functions(client), found.cloudformation, found.backups, found.pool_arn
    )


TRIGGERS = {"DefineAuthChallenge": FUNCTIONS["DefineAuthChallenge"]}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("client", "saved", "triggers", "found"),
    [
        (Lambda(stack=""), "passcode", {}, "passcode"),
        (Lambda(), "", TRIGGERS, "passcode"),
        (Lambda(), "deleted-since", TRIGGERS, "passcode"),
        (Lambda(stack="another-project"), "", {"DefineAuthChallenge": OTHERS}, ""),
        (Lambda(stack=""), "", TRIGGERS, ""),
        (Lambda(), "", {}, ""),
    ],
)
def test_the_stack_is_found_if_none_is_named(
    client: Lambda, saved: str, triggers: dict[str, str], found: str
) -> None:
    stack = find_attached_stack(context(client, saved), triggers)
    assert (stack.name if stack else "") == found


def test_tags_are_those_of_the_function_and_not_of_its_alias() -> None:
    client = Lambda()
    find_attached_stack(context(client), TRIGGERS)
    assert client.asked == FUNCTIONS["DefineAuthChallenge"].removesuffix(":live")
