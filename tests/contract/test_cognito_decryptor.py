"""The decryptor opens the codes that Cognito encrypts for the pool, and no others: on moto and ministack."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aws_encryption_sdk.identifiers import Algorithm
from botocore.exceptions import ClientError, ConnectTimeoutError

from passcode.adapters import cognito_decryptor
from passcode.adapters.cognito_decryptor import CognitoDecryptor, DecryptionFailed
from passcode.token_service.refusal import PasscodeError, Unavailable
from tests.support.cognito_encryption import POOL, SUITES, CodeEncryptor, moto_encryptor, new_key

SECRET = "271828"


@pytest.fixture(scope="module", params=["moto", "ministack"])
def encryptor(request: pytest.FixtureRequest) -> Iterator[CodeEncryptor]:
    if request.param == "moto":
        with moto_encryptor() as encryptor:
            yield encryptor
    else:
        client = request.getfixturevalue("local_stack").client("kms")
        yield CodeEncryptor(client, new_key(client))


@pytest.fixture
def opener(encryptor: CodeEncryptor) -> CognitoDecryptor:
    return CognitoDecryptor(encryptor.client, encryptor.key_id, POOL)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_algorithm_suite_that_cognito_could_use_is_decrypted(
    encryptor: CodeEncryptor, opener: CognitoDecryptor, suite: Algorithm
) -> None:
    assert opener(encryptor.encrypt(SECRET, suite)).reveal() == SECRET


def test_the_repr_of_a_secret_is_masked(encryptor: CodeEncryptor, opener: CognitoDecryptor) -> None:
    assert SECRET not in f"{opener(encryptor.encrypt(SECRET))!r} {opener(encryptor.encrypt(SECRET))}"


@pytest.mark.parametrize(
    ("escaped", "password"),
    [("Aa1&lt;&gt;&amp;&quot;&#39;x", "Aa1<>&\"'x"), ("&amp;amp;", "&amp;"), ("Zufällig-1", "Zufällig-1")],
)
def test_a_temporary_password_is_unescaped(
    encryptor: CodeEncryptor, opener: CognitoDecryptor, escaped: str, password: str
) -> None:
    assert opener(encryptor.encrypt(escaped)).reveal() == password


def test_a_code_of_another_pool_is_refused(encryptor: CodeEncryptor, opener: CognitoDecryptor) -> None:
    other = replace(encryptor, pool="eu-central-1_Other0001")
    with pytest.raises(DecryptionFailed, match="another user pool"):
        opener(other.encrypt(SECRET))
    with pytest.raises(DecryptionFailed, match="another user pool"):
        opener(encryptor.encrypt(SECRET, purpose="none of Cognito's"))


def test_a_code_under_another_key_is_refused(encryptor: CodeEncryptor, opener: CognitoDecryptor) -> None:
    other = replace(encryptor, key_id=new_key(encryptor.client))
    with pytest.raises(DecryptionFailed, match="could not be decrypted: DecryptKeyError"):
        opener(other.encrypt(SECRET))


def test_a_changed_byte_is_detected(encryptor: CodeEncryptor, opener: CognitoDecryptor) -> None:
    encrypted = b64decode(encryptor.encrypt(SECRET))
    for place in range(0, len(encrypted), 7):
        changed = bytearray(encrypted)
        changed[place] ^= 1
        # Unavailable: KMS may refuse because of a fault of its service, so the queue retries.
        with pytest.raises((DecryptionFailed, Unavailable)):
            opener(b64encode(changed).decode())


@pytest.mark.parametrize("cut", [1, 40, 200, -1])
def test_a_truncated_ciphertext_is_refused(
    encryptor: CodeEncryptor, opener: CognitoDecryptor, cut: int
) -> None:
    with pytest.raises(DecryptionFailed):
        opener(b64encode(b64decode(encryptor.encrypt(SECRET))[:cut]).decode())


@pytest.mark.parametrize("garbage", ["AYAD", "not base64!", "A", b64encode(b"\x02" * 600).decode()])
def test_garbage_is_refused(opener: CognitoDecryptor, garbage: str) -> None:
    with pytest.raises(DecryptionFailed):
        opener(garbage)


def test_closing_a_failed_decryptor_raises_nothing(opener: CognitoDecryptor) -> None:
    """Python 3.13 logs an error in `close`, with a traceback."""
    key = cognito_decryptor._Key(key_id=opener.key_id, client=opener.client)
    cognito_decryptor._QuietDecryptor(
        source=b"\x02", key_provider=key, commitment_policy=cognito_decryptor._POLICY
    ).close()


def test_an_error_contains_no_secret_and_no_ciphertext(
    encryptor: CodeEncryptor,
    opener: CognitoDecryptor,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    encrypted = encryptor.encrypt(SECRET)
    for opens in (replace(opener, pool_id="other"), replace(opener, key_id=new_key(encryptor.client))):
        with pytest.raises(PasscodeError) as caught:
            opens(encrypted)
        shown = "".join([str(caught.value), caplog.text, *capfd.readouterr()])
        assert SECRET not in shown
        assert encrypted[:40] not in shown
        assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectTimeoutError(endpoint_url=SECRET), "failed with ConnectTimeoutError"),
        (
            ClientError({"Error": {"Code": "DisabledException", "Message": SECRET}}, "Decrypt"),
            "answered Disabled",
        ),
    ],
)
def test_a_failure_of_the_key_is_temporary(
    encryptor: CodeEncryptor,
    opener: CognitoDecryptor,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    text: str,
) -> None:
    encrypted = encryptor.encrypt(SECRET)

    def refuses(**_: object) -> None:
        raise error

    monkeypatch.setattr(encryptor.client, "decrypt", refuses)
    with pytest.raises(Unavailable, match=f"the key of the custom senders {text}") as caught:
        opener(encrypted)
    assert SECRET not in str(caught.value)
