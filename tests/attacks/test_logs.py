"""Attacks by an operator or a reader of responses: codes, answers and addresses in logs and responses."""

import json
import logging
from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from passcode.adapters.ses import SesEmail
from passcode.adapters.telemetry import make_telemetry
from passcode.channels.email import EmailMessage
from passcode.delivery.gateway import Outgoing, Taken
from tests.attacks.sign_in import SignIn
from tests.attacks.trial import TryAttack
from tests.attacks.weak_logs import CodeInTheMetadata, LibrariesLogToo, LogsEvents, ReturnsTheCode
from tests.support.events import EMAIL, NOW, code_of, golden, wrong_code_of
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import answered

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


@pytest.mark.parametrize("level", LEVELS)
def test_secrets_in_logs(
    try_attack: TryAttack, caplog: pytest.LogCaptureFixture, output: HandlerOutput, level: str
) -> None:
    """The logs of a sign-in have a code, an answer or an address."""
    log = output.telemetry.log

    def attack(sign_in: SignIn) -> bool:
        caplog.clear()
        to = sign_in.issued()
        secrets = code_of(to), wrong_code_of(to), EMAIL
        assert not answered(sign_in, to, wrong_code_of(to))
        assert answered(sign_in, to, code_of(to))
        written = caplog.text + output.text
        return any(secret in written for secret in secrets)

    with caplog.at_level(level), caplog.at_level(level, logger=log.name):
        try_attack(attack, weak=LogsEvents(), product=SignIn(telemetry=output.telemetry))
    assert '"refused"' in output.text, "the output has the metrics of the product"


Settings = Callable[[], object]


@pytest.fixture
def _botocore_at_default_level() -> Iterator[None]:
    logger = logging.getLogger("botocore")
    before = logger.level
    logger.setLevel(logging.NOTSET)
    yield
    logger.setLevel(before)


@pytest.mark.usefixtures("_botocore_at_default_level")
def test_libraries_at_debug(try_attack: TryAttack, caplog: pytest.LogCaptureFixture) -> None:
    """The root logger at DEBUG: botocore logs the request with the code."""
    code = "31415926"

    def attack(settings: Settings) -> bool:
        caplog.clear()
        settings()
        message = EmailMessage("subject", code, code)
        assert isinstance(
            gateway.send(Outgoing("ada@people.example", message, NOW, is_open_class=False)), Taken
        )
        return code in caplog.text

    with mock_aws(), caplog.at_level(logging.DEBUG):
        client = boto3.client("sesv2", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_email_identity(EmailIdentity="no-reply@app.example")
        client.create_configuration_set(ConfigurationSetName="mail")
        gateway = SesEmail(client, "no-reply@app.example", "mail")
        weak: Settings = LibrariesLogToo()
        try_attack(attack, weak=weak, product=lambda: make_telemetry("deliver", "CognitoPasscode"))


@pytest.mark.parametrize(
    "weak", [ReturnsTheCode(), CodeInTheMetadata()], ids=lambda weak: type(weak).__name__
)
def test_the_code_in_the_response(try_attack: TryAttack, weak: SignIn) -> None:
    """The response of `create` has the code (HackerOne #2633888, #777957)."""

    def attack(sign_in: SignIn) -> bool:
        response = sign_in.create(golden("create_first"))
        return code_of(sign_in.queued[-1].challenge) in json.dumps(response)

    try_attack(attack, weak=weak, product=SignIn())
