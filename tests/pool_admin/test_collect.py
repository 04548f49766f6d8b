"""The calls of the doctor: their limits, and the facts of calls that fail."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from passcode.channels.channel import AddressFault
from tests.support.account_in_memory import FUNCTIONS, OTHERS, AccountInMemory, refusal
from tests.support.doctor_samples import CLEAN, HEALTHY
from tests.support.fake_user_pool import POOL_ID, REGION, FakeCognito, Json, RefusedError
from tools.pool_admin.aws_resources.backup import Backup
from tools.pool_admin.aws_resources.functions import Concurrency, Functions
from tools.pool_admin.context import AdminContext
from tools.pool_admin.doctor.collect import (
    collect_facts,
    count_users,
    email_facts,
    find_attached_stack,
    stack_facts,
)
from tools.pool_admin.doctor.facts import EmailFacts, Facts, Reason, Unchecked, UserFacts
from tools.pool_admin.doctor.run import run_checks
from tools.pool_admin.errors import AdminError

BOTH = ("email", "sms")


class PoolWithUsers(FakeCognito):
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
    pool = PoolWithUsers([ADA] * 990 + [user()] * 500)
    facts = count_users(pool.client(), POOL_ID, BOTH)
    assert (facts.read, facts.counted, facts.without_address, facts.more) == (1000, 1000, 10, True)
    assert len(pool.bodies) == 17
    assert {body["Limit"] for body in pool.bodies} == {60}
    assert not any("AttributesToGet" in body for body in pool.bodies)


@pytest.mark.parametrize("count", [0, 1, 60, 1000])
def test_a_pool_within_the_limit_is_counted_completely(count: int) -> None:
    facts = count_users(PoolWithUsers([ADA] * count).client(), POOL_ID, BOTH)
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
def test_users_without_a_verified_address_are_counted(
    one: Json, channels: tuple[str, ...], without: int
) -> None:
    facts = count_users(PoolWithUsers([one]).client(), POOL_ID, channels)
    assert (facts.counted, facts.without_address) == (1, without)


def test_verified_addresses_that_get_no_code_are_counted_by_channel_and_reason() -> None:
    def with_address(number: int, **attributes: str) -> Json:
        return user(
            enabled=True,
            sub=f"sub-{number}",
            email_verified="true",
            phone_number_verified="true",
            **attributes,
        )

    users = [
        with_address(1, email="änn@people.example", phone_number="+12025550123"),
        with_address(2, email="ann@bücher.example", phone_number="+447400123456"),
        with_address(3, email="änn@example.org", phone_number="+881612345678"),
        user(sub="sub-4", email="änn@people.example", email_verified="false"),
        with_address(5, email="ann@people.example", phone_number="+5215512345678"),
        user("UNCONFIRMED", sub="sub-6", email="änn@people.example", email_verified="true"),
    ]
    counted = count_users(PoolWithUsers(users).client(), POOL_ID, BOTH, ("US", "MX"))
    assert counted.unusable == {
        ("email", AddressFault.NOT_ASCII): ("sub-1", "sub-3"),
        ("sms", AddressFault.COUNTRY): ("sub-2",),
        ("sms", AddressFault.NUMBER): ("sub-3",),
    }
    everywhere = count_users(PoolWithUsers(users).client(), POOL_ID, ("sms",))
    assert everywhere.unusable == {("sms", AddressFault.NUMBER): ("sub-3",)}


@pytest.mark.parametrize("one", [user("EXTERNAL_PROVIDER"), user("UNCONFIRMED"), user(enabled=False)])
def test_users_who_cannot_sign_in_with_a_code_are_not_counted(one: Json) -> None:
    facts = count_users(PoolWithUsers([one, ADA]).client(), POOL_ID, BOTH)
    assert (facts.read, facts.counted) == (2, 1)


@pytest.mark.parametrize("at", [0, 3])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", Reason.DENIED),
        ("TooManyRequestsException", Reason.THROTTLED),
        ("InvalidAction", Reason.NOT_OFFERED),
        ("InternalErrorException", Reason.FAILED),
    ],
)
@pytest.mark.usefixtures("_without_pauses")
def test_users_that_cannot_be_listed_have_a_reason(code: str, reason: Reason, at: int) -> None:
    pool = PoolWithUsers([ADA] * 990, fails=code, at=at)
    assert collected(pool).users == Unchecked("ListUsers", reason)


class PoolWithClients(FakeCognito):
    """A pool with app clients. `errors` are the codes with which AWS refuses to describe some of them."""

    def __init__(self, *names: str, **errors: str) -> None:
        super().__init__({}, {name: {"ClientId": name} for name in names})
        self.errors = errors
        self.list_fails_at = ""

    def _ListUserPoolClients(self, body: Json) -> Json:  # noqa: N802
        name = body.get("NextToken", next(iter(self.clients)))
        if name == self.list_fails_at:
            raise RefusedError("TooManyRequestsException", "no")
        later = list(self.clients)[list(self.clients).index(name) + 1 :]
        return {"UserPoolClients": [{"ClientId": name}]} | ({"NextToken": later[0]} if later else {})

    def _ListUsers(self, _body: Json) -> Json:  # noqa: N802
        return {"Users": []}

    def _DescribeUserPoolClient(self, body: Json) -> Json:  # noqa: N802
        if code := self.errors.get(body["ClientId"]):
            raise RefusedError(code, "no")
        return super()._DescribeUserPoolClient(body)


@pytest.fixture
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # botocore waits between its attempts.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def collected(pool: FakeCognito) -> Facts:
    account = AccountInMemory({}, {})
    account.cognito = pool
    return collect_facts(account.context(), None)


def ids(facts: Facts) -> list[str]:
    return [client["ClientId"] for client in facts.clients]


@pytest.mark.usefixtures("_without_pauses")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", Reason.DENIED),
        ("TooManyRequestsException", Reason.THROTTLED),
        ("InternalErrorException", Reason.FAILED),
    ],
)
def test_an_app_client_that_cannot_be_read_hides_no_other(code: str, reason: Reason) -> None:
    facts = collected(PoolWithClients("a", "b", "c", b=code))
    assert ids(facts) == ["a", "c"]
    assert facts.unread_clients == (Unchecked("DescribeUserPoolClient", reason, "b"),)


@pytest.mark.usefixtures("_without_pauses")
def test_a_list_of_app_clients_that_ends_early_keeps_the_first_clients() -> None:
    pool = PoolWithClients("a", "b", "c")
    pool.list_fails_at = "c"
    facts = collected(pool)
    assert ids(facts) == ["a", "b"]
    assert facts.unread_clients == (Unchecked("ListUserPoolClients", Reason.THROTTLED),)


def test_an_app_client_that_was_deleted_after_the_list_is_left_out() -> None:
    facts = collected(PoolWithClients("a", "b", "c", b="ResourceNotFoundException"))
    assert ids(facts) == ["a", "c"]
    assert facts.unread_clients == ()


NO_ENDPOINT = EndpointConnectionError(endpoint_url="https://aws.example")
FAILURES = [
    (refusal("AccessDenied", "DescribeStacks"), Reason.DENIED),
    (refusal("Throttling", "DescribeStacks"), Reason.THROTTLED),
    (refusal("InternalFailure", "DescribeStacks"), Reason.FAILED),
    (NO_ENDPOINT, Reason.UNREACHABLE),
]


class FailingService:
    """A service that answers every call with `error`."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, _call: str) -> Any:
        return self._fail

    def _fail(self, *_args: Any, **_named: Any) -> None:
        raise self.error


def failing_context(error: Exception) -> AdminContext:
    """A context whose calls fail, except those to Cognito, CloudFormation and SSM."""
    service: Any = FailingService(error)
    account: Any = SimpleNamespace(region=REGION, client=lambda _service, _region="": service)
    return replace(AccountInMemory({}, {}).context(), aws=account, functions=Functions(service))


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_a_named_stack_that_cannot_be_read_has_a_reason(error: Exception, reason: Reason) -> None:
    cloudformation: Any = FailingService(error)
    account = AccountInMemory({}, {})
    account.cognito = PoolWithClients("a")
    facts = collect_facts(replace(account.context(), cloudformation=cloudformation), "passcode")
    assert facts.stack is None
    assert facts.unread_stack == Unchecked("DescribeStacks", reason, "passcode")
    assert facts.stack_name == "passcode"
    assert not any("no stack was named" in finding.what for finding in run_checks(facts))


def test_a_named_stack_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(AdminError, match="There is no stack other"):
        collect_facts(AccountInMemory({}, {}).context(), "other")


# If SSM denies the call, the backup is in the pool's tags.
@pytest.mark.parametrize(("error", "reason"), FAILURES[1:])
def test_a_backup_that_aws_does_not_return_has_a_reason(error: Exception, reason: Reason) -> None:
    context = failing_context(error)
    stack = context.stack("passcode")
    ssm: Any = FailingService(error)
    facts = stack_facts(replace(context, backups=replace(context.backups, ssm=ssm)), stack, ())
    call = error.operation_name if isinstance(error, ClientError) else "GetParameter"
    assert facts.modes == Unchecked(call, reason)
    found = run_checks(replace(CLEAN, stack=replace(HEALTHY, modes=facts.modes)))
    assert any(finding.about[0].startswith(call) for finding in found)


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_one_service_that_fails_hides_no_other(error: Exception, reason: Reason) -> None:
    context = failing_context(error)
    facts = stack_facts(context, context.stack("passcode"), ())
    for results in (facts.functions, facts.newest, facts.permitted):
        assert {fact.reason for fact in results.values() if isinstance(fact, Unchecked)} == {reason}
    assert facts.modes == {}


def test_the_channels_of_the_found_stack_are_used() -> None:
    account = AccountInMemory({}, {})
    account.cognito = PoolWithUsers([ADA])
    account.parameters["ChannelOrder"] = "sms"
    context = account.context()
    account.ssm[context.backups.parameter] = Backup(POOL_ID, "passcode").to_json()
    users = collect_facts(context, None).users
    assert isinstance(users, UserFacts)
    assert (users.channels, users.without_address) == (("sms",), 1)


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_a_failure_of_ses_has_a_reason(error: Exception, reason: Reason) -> None:
    ses: Any = FakeSes(error)
    account = email_facts(ses, "a@b.example").out_of_sandbox
    assert isinstance(account, Unchecked)
    assert account.reason == reason


class FakeSes:
    """A fake SES. `account` is the response of GetAccount, or the error that it raises."""

    def __init__(self, account: Json | Exception) -> None:
        self.account, self.calls = account, 0

    def get_account(self) -> Json:
        self.calls += 1
        if isinstance(self.account, Exception):
            raise self.account
        return self.account

    def get_email_identity(self, EmailIdentity: str) -> Json:  # noqa: N803
        return {"VerifiedForSendingStatus": EmailIdentity == "b.example"}


def test_the_limits_of_ses_are_read() -> None:
    ses: Any = FakeSes({"ProductionAccessEnabled": True, "SendQuota": {"MaxSendRate": 14.0}})
    assert email_facts(ses, "a@b.example") == EmailFacts("a@b.example", True, True, 14.0)
    assert ses.calls == 1
    with_quota: Any = FakeSes({"SendQuota": {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0}})
    assert email_facts(with_quota, "a@b.example").per_day == 50_000.0
    without_quota: Any = FakeSes({})
    assert email_facts(without_quota, "a@b.example") == EmailFacts("a@b.example", True, False, 0.0)
    throttled = Unchecked("GetAccount", Reason.THROTTLED)
    refused: Any = FakeSes(refusal("TooManyRequestsException", "GetAccount"))
    assert email_facts(refused, "a@b.example") == EmailFacts("a@b.example", True, throttled, throttled)


class FakeLambda:
    """A fake Lambda with the limits of an account."""

    def __init__(self, limit: Json | None = None, stack: str = "passcode") -> None:
        self.limit, self.stack = limit, stack
        self.resource = ""

    def get_account_settings(self) -> Json:
        return {} if self.limit is None else {"AccountLimit": self.limit}

    def list_tags(self, Resource: str) -> Json:  # noqa: N803
        self.resource = Resource
        return {"Tags": {"aws:cloudformation:stack-name": self.stack} if self.stack else {}}


@pytest.mark.parametrize(
    ("limit", "concurrency"),
    [
        ({"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}, Concurrency(1000, 900)),
        ({"ConcurrentExecutions": 10}, Concurrency(10, 10)),
        ({}, Concurrency(0, 0)),
        (None, Concurrency(0, 0)),
    ],
)
def test_the_limits_of_lambda_are_read(limit: Json | None, concurrency: Concurrency) -> None:
    client: Any = FakeLambda(limit)
    assert Functions(client).concurrency() == concurrency


def context(client: Any, saved: str = "") -> AdminContext:
    account = AccountInMemory({}, {})
    found = account.context()
    if saved:
        account.ssm[found.backups.parameter] = Backup(POOL_ID, saved).to_json()
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
        (FakeLambda(stack=""), "passcode", {}, "passcode"),
        (FakeLambda(), "", TRIGGERS, "passcode"),
        (FakeLambda(), "deleted-since", TRIGGERS, "passcode"),
        (FakeLambda(stack="another-project"), "", {"DefineAuthChallenge": OTHERS}, ""),
        (FakeLambda(stack=""), "", TRIGGERS, ""),
        (FakeLambda(), "", {}, ""),
    ],
)
def test_the_stack_is_found_if_no_stack_is_named(
    client: FakeLambda, saved: str, triggers: dict[str, str], found: str
) -> None:
    stack = find_attached_stack(context(client, saved), triggers)
    assert (stack.name if stack else "") == found


def test_the_tags_of_the_function_are_read_and_not_those_of_its_alias() -> None:
    client = FakeLambda()
    find_attached_stack(context(client), TRIGGERS)
    assert client.resource == FUNCTIONS["DefineAuthChallenge"].removesuffix(":live")
