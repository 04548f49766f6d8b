"""The log of a hosted sign-in names its subject, so that an operator finds the lines of one user."""

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
from tests.support.hosted_in_memory import FORM, RIGHT, HostedPageInMemory, provider


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def telemetry(log: io.StringIO) -> PowertoolsTelemetry:
    return PowertoolsTelemetry("hosted_sign_in", Logger(service=f"hosted log {id(log)}", stream=log))


def last_line(log: io.StringIO) -> dict[str, Any]:
    logged: dict[str, Any] = json.loads(log.getvalue().splitlines()[-1])
    return logged


def test_a_sign_in_is_logged_with_its_subject(log: io.StringIO, telemetry: PowertoolsTelemetry) -> None:
    hosted_page = HostedPageInMemory()
    hosted_page.page = replace(hosted_page.page, telemetry=telemetry)
    hosted_page.submit(hosted_page.at_code(), "answer", code=RIGHT)
    logged = last_line(log)
    assert (logged["message"], logged["subject"]) == ("signed in", SUB)


def test_a_failed_token_request_is_logged_with_its_subject(
    log: io.StringIO, telemetry: PowertoolsTelemetry
) -> None:
    by = replace(provider(link=refused_by_aws("AliasExistsException")), telemetry=telemetry)
    with pytest.raises(Unavailable) as failed:
        by.exchange(FORM, NOW)
    telemetry.failed("failed", failed.value)
    assert last_line(log)["subject"] == SUB
