"""/step-up reports a changed address to the user's other address. The code is sent in any case."""

import json
from dataclasses import replace
from typing import Any

from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import PHONE, SUB
from tests.support.kms_stubs import pool
from tests.support.token_api_in_memory import Api, FakeClock

NEW_EMAIL = "eve@people.example"


def test_the_notice_of_a_step_up_goes_to_the_other_address(api: Api, clock: FakeClock) -> None:
    api.step_up()
    api = replace(api, users=pool(email=NEW_EMAIL))
    for _ in range(2):
        clock.now += 60
        assert api.step_up().body["status"] == "SENT"
    (notice,) = api.notices
    assert [to.value for to in notice.destinations] == [PHONE]
    assert (notice.channel.name, notice.subject) == ("email", SUB)


def test_a_step_up_continues_if_the_notice_cannot_be_queued(api: Api, clock: FakeClock) -> None:
    api.step_up()

    def respond(call: Any) -> Any:
        if json.loads(call["MessageBody"])["kind"] == "notice":
            raise refused_by_aws("ThrottlingException")
        return {"MessageId": "1"}

    api = replace(
        api,
        users=pool(email=NEW_EMAIL),
        queue=RecordingClient({"send_message": respond}),
    )
    clock.now += 60
    response = api.step_up()
    assert (response.status, response.body["status"]) == (200, "SENT")
    assert [each.destinations[0].value for each in api.queued] == [NEW_EMAIL]
