"""What the log says of a hosted sign-in: whose it was, so that an operator finds one person's."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import refused_by_aws
from tests.support.events import NOW, SUB
from tests.support.hosted_world import FORM, RIGHT, World, provider


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def telemetry(log: io.StringIO) -> PowertoolsTelemetry:
    return PowertoolsTelemetry("hosted_sign_in", Logger(service=f"hosted log {id(log)}", stream=log))


def last_line(log: io.StringIO) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(log.getvalue().splitlines()[-1])
    return said


def test_who_signed_in_is_said(log: io.StringIO, telemetry: PowertoolsTelemetry) -> None:
    world = World()
    world.page = replace(world.page, telemetry=telemetry)
    world.submit(world.at_code(), "answer", code=RIGHT)
    said = last_line(log)
    assert (said["message"], said["subject"]) == ("signed in", SUB)


def test_whose_tokens_failed_is_said(log: io.StringIO, telemetry: PowertoolsTelemetry) -> None:
    by = replace(provider(link=refused_by_aws("AliasExistsException")), telemetry=telemetry)
    with pytest.raises(Unavailable) as failed:
        by.exchange(FORM, NOW)
    telemetry.failed("failed", failed.value)
    assert last_line(log)["subject"] == SUB
