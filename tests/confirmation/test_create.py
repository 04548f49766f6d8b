"""/createToken: one message per cooldown, one budget per mailbox, and one subject per address."""

import pytest

from passcode.token_service.policy import Policy
from passcode.token_service.store import Record, WriteResult
from tests.support.events import NOW
from tests.support.memory_stores import MemoryStore
from tests.support.token_api_in_memory import Api, ApiOutput, FakeClock


def test_a_code_is_queued_for_the_given_address(api: Api) -> None:
    response = api.create("Ann+1@Example.COM", purpose="to approve a payment", locale="de")
    assert response.status == 200
    (delivery,) = api.queued
    assert [(d.channel.name, d.value) for d in delivery.destinations] == [("email", "Ann+1@example.com")]
    assert delivery.locale == "de"
    assert delivery.challenge.purpose == "token:to approve a payment"
    assert {name: response.body[name] for name in ("expires_in", "channel", "destination", "status")} == {
        "expires_in": 300,
        "channel": "email",
        "destination": "A***@e***",
        "status": "SENT",
    }
    assert response.body["resend_in"] == 30


def test_an_email_address_and_a_code_are_enough(api: Api) -> None:
    response = api.post("/createToken", {"email": "ann@example.com"})
    verified = api.post("/verifyToken", {"token": response.body["token"], "verification_code": api.code()})
    assert verified.status == 200
    assert verified.body["verified"] is True


def test_a_phone_number_gets_an_sms(api: Api) -> None:
    response = api.post("/createToken", {"phone_number": "+12065550100"})
    assert (response.body["channel"], response.body["destination"]) == ("sms", "+***0100")
    assert [d.value for d in api.queued[0].destinations] == ["+12065550100"]


@pytest.mark.parametrize(("channel", "goes"), [("", "email"), ("email", "email"), ("sms", "sms")])
def test_only_one_of_two_addresses_gets_the_code(api: Api, channel: str, goes: str) -> None:
    both = {"email": "ann@example.com", "phone_number": "+12065550100"}
    response = api.post("/createToken", both | ({"channel": channel} if channel else {}))
    assert response.body["channel"] == goes
    assert [d.channel.name for d in api.queued[0].destinations] == [goes]


def test_a_second_request_within_the_cooldown_gets_the_same_challenge_and_no_message(
    api: Api, clock: FakeClock
) -> None:
    first = api.create()
    clock.now += 29
    second = api.create()
    assert (second.status, second.body["status"]) == (200, "WAITING")
    assert second.body["token"] == first.body["token"]
    assert (second.body["expires_in"], second.body["resend_in"]) == (271, 1)
    assert len(api.queued) == 1


def test_a_second_request_after_the_cooldown_sends_the_same_code_again(api: Api, clock: FakeClock) -> None:
    first = api.create()
    clock.now += 30
    second = api.create()
    assert second.body["status"] == "SENT"
    assert second.body["token"] == first.body["token"]
    assert api.code(0) == api.code(1)
    assert api.verify(second.body["token"]).status == 200


def test_another_purpose_within_the_cooldown_is_refused_with_retry_after(api: Api, clock: FakeClock) -> None:
    api.create(purpose="one")
    clock.now += 10
    refused = api.create(purpose="two")
    assert (refused.status, refused.problem) == (429, "cooldown")
    assert refused.headers["retry-after"] == "20"
    assert refused.body["retry_after"] == 20
    assert len(api.queued) == 1


def test_another_audience_within_the_cooldown_is_refused(api: Api) -> None:
    """A token for another audience would lead to a proof for that audience."""
    api.create(audience="one")
    assert api.create(audience="two").problem == "cooldown"


MAILBOX = ["Ann+1@Example.com", "ann+two@example.COM", "ANN@example.com"]


def test_spellings_and_purposes_of_a_mailbox_share_one_quota(api: Api, clock: FakeClock) -> None:
    for n in range(5):
        assert api.create(MAILBOX[n % 3], purpose=f"purpose {n}").body["status"] == "SENT"
        clock.now += 30
    refused = api.create("ann@example.com", purpose="another")
    assert refused.problem == "quota"
    assert refused.headers["retry-after"] == str(600 - 5 * 30)


def test_spellings_and_purposes_of_a_mailbox_share_one_budget_of_attempts(api: Api, clock: FakeClock) -> None:
    """From the fifth wrong answer on, new codes are long, and their answers need no budget."""
    left: list[int | None] = []
    for n in range(5):
        token = api.create(MAILBOX[n % 3], purpose=f"purpose {n}").body["token"]
        assert len(api.code()) == (6 if n < 3 else 20)
        left += [api.verify(token, api.wrong_code(k)).body.get("attempts_left") for k in (1, 2)]
        clock.now += 30
    assert left == [9, 8, 7, 6, 5, 4, None, None, None, None]


def test_another_mailbox_has_a_separate_budget(api: Api) -> None:
    for address in ("ann@example.com", "ann@example.org", "anne@example.com", "+tag@example.com"):
        assert api.create(address).body["status"] == "SENT"


def test_each_spelling_of_a_mailbox_has_a_separate_subject(api: Api, clock: FakeClock) -> None:
    subjects = set()
    for address in (*MAILBOX, "ann@example.com"):
        subjects.add(api.create(address).body["subject"])
        api.verify(api.create(address).body["token"])
        clock.now += 30
    assert len(subjects) == 4


def test_the_letter_case_of_the_host_does_not_change_the_subject(api: Api) -> None:
    assert api.create("ann@EXAMPLE.com").body["subject"] == api.create("ann@example.com").body["subject"]


def test_numbers_and_addresses_have_separate_subjects(api: Api) -> None:
    one = api.post("/createToken", {"phone_number": "+12065550100"}).body["subject"]
    other = api.post("/createToken", {"phone_number": "+12065550101"}).body["subject"]
    assert len({one, other, api.create().body["subject"]}) == 3


def test_a_subject_is_a_keyed_hash(api: Api) -> None:
    """An attacker finds the phone number of an unkeyed hash by trying all numbers."""
    subject = api.create("ann@example.com").body["subject"]
    assert len(subject) == 32
    assert subject != api.queued[0].challenge.subject, (
        "the exact address and the mailbox have different subjects"
    )


def test_the_last_message_that_the_rate_allows_is_counted(
    api: Api, output: ApiOutput, clock: FakeClock
) -> None:
    for _ in range(5):
        assert "message_rate_used_up" not in dict(output.metrics())
        api.create()
        clock.now += 31
    assert output.metrics()[-1] == ("message_rate_used_up", "")


def test_messages_and_refusals_are_counted(api: Api, output: ApiOutput) -> None:
    api.create()
    assert api.create().body["status"] == "WAITING"
    api.create(purpose="another")
    assert output.metrics() == [("issued", "email"), ("waiting", "email"), ("throttled", "cooldown")]
    assert '"channel":"email"' in api.log.getvalue()


def test_another_policy_applies(clock: FakeClock) -> None:
    policy = Policy(cooldown_seconds=5, code_life_seconds=60)
    api = Api(policy, MemoryStore(policy))
    assert api.create().body["expires_in"] == 60
    assert api.queued[0].challenge.expires_at == NOW + 60


class ContendedStore(MemoryStore):
    """A store in which another request is always faster."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        return WriteResult(False, seen)


def test_a_request_that_loses_every_race_is_refused_as_busy(clock: FakeClock) -> None:
    api = Api(store=ContendedStore())
    api.create()
    clock.now += 30
    response = api.create()
    assert (response.status, response.problem, response.headers["retry-after"]) == (429, "busy", "30")
    assert len(api.queued) == 1
