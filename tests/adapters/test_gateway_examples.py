"""The examples of gateways in the documents: each sends through a loopback server, and maps its responses."""

import email
import email.policy
import json
import socket
import time
from base64 import b64decode
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from passcode.adapters.function_gateway import FunctionGateway
from passcode.channels.channel import MailBrand
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from tests.support import events
from tests.support.aws_stubs import RecordingClient, payload
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.handlers import HandlerOutput
from tests.support.loopback_tls import SmtpServer, TwilioServer, serving_tls, write_certificate
from tests.support.template import ROOT

EXAMPLES = ROOT / "docs" / "gateways"
CODE = "654321"
LOGO = b"\x89PNG\r\n\x1a\n"
NOT_TAKEN = "NOT_TAKEN"
# Seconds. Longer than a run of all tests, because the events are made when this module is imported.
LIFE = 6 * 3600


def event(channel: str, to: str, **message: str) -> dict[str, Any]:
    """An event for an example."""
    return {
        "version": 1,
        "delivery_id": f"nonce-1767225600-{channel}",
        "channel": channel,
        "to": to,
        "message": message,
        "app": "Example",
        "locale": "en",
        "expires_at": int(time.time()) + LIFE,
    }


SMS_EVENT = event("sms", events.PHONE, text=f"{CODE} ✓\n\n@app.example #{CODE}")
MAIL_EVENT = event("email", events.EMAIL, subject="Your ✓ code", text=f"{CODE}\n", html=f"<p>{CODE}</p>")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Path:
    """The certificate of the servers, which the examples trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def load(name: str) -> ModuleType:
    """Load an example with the environment of the test."""
    spec = spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def twilio(trusted: Path) -> Iterator[TwilioServer]:
    with serving_tls(TwilioServer(), trusted) as server:
        yield server


@pytest.fixture
def smtp(trusted: Path) -> Iterator[SmtpServer]:
    with serving_tls(SmtpServer(), trusted) as server:
        yield server


def port_of(server: Any) -> int:
    return int(server.server_address[1])


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def send_sms(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the example for Twilio with the port of a server."""

    def send(port: int, found: dict[str, Any] = SMS_EVENT) -> dict[str, Any]:
        return sms_example(monkeypatch, port).handler(found, None)  # type: ignore[no-any-return]

    return send


def sms_example(monkeypatch: pytest.MonkeyPatch, port: int) -> ModuleType:
    """The example for Twilio, with a server on loopback."""
    settings = {"HOST": f"localhost:{port}", "ACCOUNT": "AC1", "KEY": "SK1", "SECRET": "secret"}
    for name, value in (settings | {"SERVICE": "MG1"}).items():
        monkeypatch.setenv(f"TWILIO_{name}", value)
    module = load("twilio_sms")
    monkeypatch.setattr(module, "SECONDS", 10)
    return module


@pytest.fixture
def send_mail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the example for SMTP with the port of a server."""

    def send(port: int, found: dict[str, Any] = MAIL_EVENT) -> dict[str, Any]:
        return mail_example(monkeypatch, port).handler(found, None)  # type: ignore[no-any-return]

    return send


def mail_example(monkeypatch: pytest.MonkeyPatch, port: int) -> ModuleType:
    """The example for SMTP, with a server on loopback."""
    settings = {"SMTP_HOST": "localhost", "SMTP_PORT": str(port), "SMTP_USER": "u", "SMTP_PASSWORD": "p"}
    for name, value in (settings | {"MAIL_FROM": "Example <no-reply@app.example>"}).items():
        monkeypatch.setenv(name, value)
    module = load("smtp_email")
    monkeypatch.setattr(module, "SECONDS", 10)
    return module


def test_twilio_gets_the_message_and_its_life(twilio: TwilioServer, send_sms: Any) -> None:
    assert send_sms(port_of(twilio)) == {"result": "TAKEN"}
    (form,) = twilio.forms
    assert 0 < int(form.pop("ValidityPeriod")) <= LIFE
    assert form == {"To": events.PHONE, "MessagingServiceSid": "MG1", "Body": SMS_EVENT["message"]["text"]}
    ((path, authorization),) = twilio.requests
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert b64decode(authorization.removeprefix("Basic ")) == b"SK1:secret"


def test_a_notice_by_sms_has_no_life(twilio: TwilioServer, send_sms: Any) -> None:
    assert send_sms(port_of(twilio), SMS_EVENT | {"expires_at": None}) == {"result": "TAKEN"}
    assert "ValidityPeriod" not in twilio.forms[0]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((400, {"code": 21610, "message": events.PHONE}), (NOT_TAKEN, True, "twilio_21610")),
        ((400, {"code": 21211, "message": events.PHONE}), (NOT_TAKEN, True, "twilio_21211")),
        ((401, {"code": 20003}), (NOT_TAKEN, False, "twilio_20003")),
        ((429, {"code": 20429}), (NOT_TAKEN, False, "twilio_20429")),
        ((404, b"<html>"), (NOT_TAKEN, False, "http_404")),
        ((400, b"[]"), (NOT_TAKEN, False, "http_400")),
        ((500, {"code": 20500}), ("UNKNOWN", None, "http_500")),
        ((503, b""), ("UNKNOWN", None, "http_503")),
        ((302, b""), ("UNKNOWN", None, "http_302")),
    ],
)
def test_each_response_of_twilio_has_its_result(
    twilio: TwilioServer, send_sms: Any, answer: Any, found: tuple[Any, ...]
) -> None:
    twilio.answers = [answer]
    result = send_sms(port_of(twilio))
    assert (result["result"], result.get("final"), result["reason"]) == found
    assert len(twilio.forms) == 1, "one attempt for each call"


def test_without_a_response_of_twilio_the_result_is_unknown(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio.answers = [None]
    module = sms_example(monkeypatch, port_of(twilio))
    monkeypatch.setattr(module, "SECONDS", 1)
    assert module.handler(SMS_EVENT, None) == {"result": "UNKNOWN", "reason": "TimeoutError"}


@pytest.mark.usefixtures("trusted")
def test_without_a_connection_nothing_is_taken(send_sms: Any, send_mail: Any) -> None:
    for send in (send_sms, send_mail):
        assert send(free_port()) == {
            "result": NOT_TAKEN,
            "final": False,
            "reason": "ConnectionRefusedError",
        }


@pytest.mark.parametrize("name", ["twilio", "smtp"])
def test_a_server_with_another_certificate_gets_nothing(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    send_sms: Any,
    send_mail: Any,
    name: str,
) -> None:
    server = request.getfixturevalue(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(write_certificate(tmp_path)))
    result = (send_sms if name == "twilio" else send_mail)(port_of(server))
    assert result == {"result": NOT_TAKEN, "final": False, "reason": "SSLCertVerificationError"}
    assert not getattr(server, "forms", None)
    assert not getattr(server, "commands", None)


def test_an_expired_message_goes_nowhere(twilio: TwilioServer, send_sms: Any) -> None:
    result = send_sms(port_of(twilio), SMS_EVENT | {"expires_at": 1})
    assert result == {"result": NOT_TAKEN, "final": True, "reason": "expired"}
    assert twilio.forms == []


@pytest.mark.parametrize("change", [{"version": 2}, {"channel": "voice"}])
def test_another_version_or_channel_is_refused(send_sms: Any, send_mail: Any, change: dict[str, Any]) -> None:
    refused = {"result": NOT_TAKEN, "final": True, "reason": "not_supported"}
    assert send_sms(1, SMS_EVENT | change) == send_mail(1, MAIL_EVENT | change) == refused


def test_the_server_gets_the_email_with_its_logo(smtp: SmtpServer, send_mail: Any) -> None:
    message = MAIL_EVENT["message"] | {"logo": "iVBORw0KGgo="}
    assert send_mail(port_of(smtp), MAIL_EVENT | {"message": message}) == {"result": "TAKEN"}
    ((to, content),) = smtp.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert to == mail["To"] == events.EMAIL
    assert (mail["Subject"], mail["From"]) == ("Your ✓ code", "Example <no-reply@app.example>")
    assert mail["Message-ID"] == "<nonce-1767225600-email@localhost>"
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    assert (text.get_content().strip(), html.get_content().strip()) == (CODE, f"<p>{CODE}</p>")
    (logo,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert (logo["Content-ID"], logo.get_content()) == ("<logo>", LOGO)


def test_an_email_without_a_logo_has_two_parts(smtp: SmtpServer, send_mail: Any) -> None:
    assert send_mail(port_of(smtp)) == {"result": "TAKEN"}
    mail = email.message_from_bytes(smtp.mails[0][1], policy=email.policy.default)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"RCPT": "550 no such user"}, (NOT_TAKEN, True, "smtp_550")),
        ({"RCPT": "450 try later"}, (NOT_TAKEN, False, "smtp_450")),
        ({"MAIL": "550 not your domain"}, (NOT_TAKEN, False, "smtp_550")),
        ({"DATA": "554 refused"}, (NOT_TAKEN, True, "smtp_554")),
        ({"DATA": "451 try later"}, (NOT_TAKEN, False, "smtp_451")),
        ({"AUTH": "535 wrong password"}, (NOT_TAKEN, False, "SMTPAuthenticationError")),
        ({"AUTH": None}, (NOT_TAKEN, False, "SMTPServerDisconnected")),
        ({"DATA": None}, ("UNKNOWN", None, "SMTPServerDisconnected")),
    ],
)
def test_each_response_of_the_server_has_its_result(
    smtp: SmtpServer, send_mail: Any, answers: dict[str, Any], found: tuple[Any, ...]
) -> None:
    smtp.answers = [answers]
    result = send_mail(port_of(smtp))
    assert (result["result"], result.get("final"), result["reason"]) == found
    assert smtp.mails == []


class Invoker(RecordingClient):
    """A Lambda client whose function is an example."""

    def __init__(self, module: ModuleType) -> None:
        def invoke(call: dict[str, Any]) -> dict[str, Any]:
            return {"Payload": payload(module.handler(json.loads(call["Payload"]), None))}

        super().__init__({"invoke": invoke})


def test_deliver_sends_an_sms_through_the_example(
    twilio: TwilioServer,
    monkeypatch: pytest.MonkeyPatch,
    output: HandlerOutput,
) -> None:
    module = sms_example(monkeypatch, port_of(twilio))
    # The challenge of the tests is of 2026-01-01.
    monkeypatch.setattr(module.time, "time", lambda: float(events.NOW + 1))
    gateway = FunctionGateway(Invoker(module), "arn", SMS, "Example")
    handler = DeliverHandler(output.telemetry, more_gateways={"function_sms": gateway})
    code = events.code_of(events.challenge(), "sms")
    assert handler.deliver(body(("sms", events.PHONE), channel="sms")) == []
    twilio.answers = [(400, {"code": 21610, "message": f"{events.PHONE} {code}"})]
    assert handler.deliver(body(("sms", events.PHONE), ("email", events.EMAIL), channel="sms")) == []
    assert [form["To"] for form in twilio.forms] == [events.PHONE] * 2
    assert twilio.forms[0]["Body"].endswith(f"@app.example #{code}")
    assert len(handler.ses.calls) == 1, "the second code goes by email"
    assert output.counted("sent")[0] == {"channel": "sms", "country": "US"}
    assert "twilio_21610" in output.text
    assert code not in output.text
    assert events.PHONE not in output.text


def test_deliver_sends_an_email_through_the_example(
    smtp: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
    output: HandlerOutput,
) -> None:
    invoker = Invoker(mail_example(monkeypatch, port_of(smtp)))
    gateway = FunctionGateway(invoker, "arn", EMAIL, "Example")
    handler = DeliverHandler(
        output.telemetry, more_gateways={"function_email": gateway}, mail=MailBrand(logo=LOGO)
    )
    code = events.code_of(events.challenge(), "email")
    assert handler.deliver(body(("email", events.EMAIL), channel="email")) == []
    smtp.answers = [{"RCPT": f"550 {events.EMAIL} {code}"}]
    handler.deliver(body(("email", events.EMAIL), channel="email"))
    ((to, content),) = smtp.mails
    assert to == events.EMAIL
    assert code.encode() in content
    assert "smtp_550" in output.text
    assert code not in output.text
    assert events.EMAIL not in output.text


def test_each_example_is_in_the_documents_and_here() -> None:
    page = (ROOT / "docs" / "gateways.md").read_text("utf-8")
    assert {file.stem for file in EXAMPLES.glob("*.py")} == {"twilio_sms", "smtp_email"}
    for file in EXAMPLES.glob("*.py"):
        assert f"(gateways/{file.name})" in page
