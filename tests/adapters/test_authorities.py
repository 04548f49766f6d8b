"""The certificate authorities that a client trusts. Each client connects to a server on a loopback port."""

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore import httpsession
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from passcode.adapters import botocore_clients
from passcode.token_service.refusal import Unavailable
from tests.support.loopback_tls import serving_tls, write_certificate
from tools.artefacts import aws_models
from tools.artefacts.aws_models import AUTHORITIES, MODELS, ROOT

AMAZON = ROOT / "triggers" / MODELS / AUTHORITIES
# SHA-256 of the public keys of Amazon's root certificates: https://www.amazontrust.com/repository/
PUBLIC_KEYS = {
    "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
    "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
    "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
    "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
    "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
}


# The certificate of Starfield has the serial number 0.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_the_list_has_exactly_the_authorities_of_amazon() -> None:
    found = x509.load_pem_x509_certificates(AMAZON.read_bytes())
    digests = []
    for certificate in found:
        digest = Hash(SHA256())
        digest.update(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        digests.append(digest.finalize().hex())
    assert len(digests) == len(PUBLIC_KEYS)
    assert set(digests) == PUBLIC_KEYS


def test_a_botocore_without_one_of_them_stops_the_build(tmp_path: Path) -> None:
    data = aws_models.botocore_data()
    known = (data.parent / "cacert.pem").read_text("utf-8")
    (tmp_path / "data").symlink_to(data)
    (tmp_path / "cacert.pem").write_text(known.replace('"Amazon Root CA 3"', '"Another Root"'), "utf-8")
    with pytest.raises(KeyError, match="Amazon Root CA 3"):
        aws_models.trimmed(tmp_path / "data", {})


class _Refuses(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.statuses.pop() if self.server.statuses else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    """Refuses every request. `statuses` are those of the first responses, the last one first."""

    daemon_threads = True

    def __init__(self) -> None:
        self.statuses: list[int] = []
        super().__init__(("127.0.0.1", 0), _Refuses)

    def handle_error(self, *_: object) -> None:
        """Ignore the error: a client that does not trust the server closes the connection."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


@pytest.fixture
def server(certificate: Path, socket_enabled: None) -> Iterator[_Server]:
    """A server. An authority that botocore does not know signed its certificate."""
    with serving_tls(_Server(), certificate) as server:
        yield server


@pytest.fixture
def url(server: _Server) -> str:
    """The address of the server."""
    return f"https://localhost:{server.server_port}"


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lists of authorities that connections read, in their order."""
    found: list[str] = []
    load = ssl.SSLContext.load_verify_locations

    def recorded(context: ssl.SSLContext, cafile: Any = None, *others: Any) -> None:
        found.append(cafile)
        load(context, cafile, *others)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", recorded)
    return found


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "an example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    botocore_clients.session.cache_clear()
    yield
    botocore_clients.session.cache_clear()


def failure(client: Any) -> str:
    """Make a call. Return the text of its error."""
    with pytest.raises(Unavailable) as caught, botocore_clients.unavailable("the queue"):
        client.send_message(QueueUrl="https://sqs.example/queue", MessageBody="text")
    return str(caught.value)


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_certificate_of_another_authority_is_checked_with_the_list_of_botocore(
    attempts: int, used: list[str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = botocore_clients.client("sqs", attempts=attempts)
    assert failure(client) == "the queue failed with SSLError"
    # After the short list, each attempt reads botocore's list.
    assert used[:2] == [str(AMAZON), httpsession.where()]
    assert set(used[1:]) == {httpsession.where()}
    used.clear()
    monkeypatch.setattr(httpsession, "where", lambda: str(certificate))
    assert failure(client) == "the queue answered 400"
    assert used == [str(certificate)]


@pytest.mark.parametrize(("attempts", "sent"), [(1, 1), (2, 2), (3, 3)])
def test_the_attempt_that_sent_nothing_does_not_count(
    attempts: int, sent: int, server: _Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpsession, "where", lambda: str(certificate))
    server.statuses = [503] * 9
    failure(botocore_clients.client("sqs", attempts=attempts))
    assert 9 - len(server.statuses) == sent


def test_an_authority_of_amazon_needs_no_other_list(
    used: list[str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botocore_clients, "_AUTHORITIES", certificate)
    assert failure(botocore_clients.client("sqs", attempts=1)) == "the queue answered 400"
    assert used == [str(certificate)]


# botocore reads both, and prefers the first one.
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


@pytest.mark.parametrize("variable", BUNDLES)
def test_the_list_of_the_operator_has_precedence(
    variable: str, used: list[str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(certificate))
    assert failure(botocore_clients.client("sqs", attempts=1)) == "the queue answered 400"
    assert used == [str(certificate)]


@pytest.mark.parametrize("variable", BUNDLES)
def test_no_other_list_replaces_that_of_the_operator(
    variable: str, used: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(AMAZON))
    assert failure(botocore_clients.client("sqs", attempts=1)) == "the queue failed with SSLError"
    assert used == [str(AMAZON)]


def test_a_proxy_with_a_certificate_of_another_authority_is_checked_with_the_list_of_botocore(
    used: list[str], url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://sqs.example")
    monkeypatch.setenv("HTTPS_PROXY", url)
    client = botocore_clients.client("sqs", attempts=1)
    assert failure(client) == "the queue failed with ProxyConnectionError"
    assert used == [str(AMAZON), httpsession.where()]
    used.clear()
    monkeypatch.setattr(httpsession, "where", lambda: str(certificate))
    # The proxy refuses the tunnel, so the client has trusted its certificate.
    assert failure(client) == "the queue failed with ProxyConnectionError"
    assert used == [str(certificate)]
