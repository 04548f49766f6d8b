"""The certificates of the endpoints that the functions call."""

import socket
import ssl
from urllib.parse import urlsplit

from tools.artefacts import aws_models
from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.lambda_functions import FUNCTIONS

_SERVICES = sorted(aws_models.operations_of(FUNCTIONS))


def _authorities(account: ThrowAwayAccount) -> Observation:
    if account.aws.is_local:
        raise NotTried("A local AWS has no certificates of Amazon. Run this on a real account.")
    known = aws_models.trimmed(aws_models.botocore_data(), {})[aws_models.AUTHORITIES].decode()
    context = ssl.create_default_context(cadata=known)
    for service in _SERVICES:
        url = urlsplit(account.client(service).meta.endpoint_url)
        place = (str(url.hostname), url.port or 443)
        try:
            with socket.create_connection(place, timeout=10) as plain:
                context.wrap_socket(plain, server_hostname=url.hostname).close()
        except ssl.SSLCertVerificationError as error:
            return no(f"The certificate of {url.hostname} was refused: {error.verify_message}.")
        except OSError as error:
            reason = type(error).__name__
            text = f"No connection to {url.hostname}: {reason}. Check the network and run this again."
            raise NotTried(text) from None
    return yes(f"Amazon's authorities signed the certificates of {len(_SERVICES)} endpoints.")


CLAIMS = (
    Claim(
        "authorities-of-endpoints",
        "Amazon's five certificate authorities sign the certificates of the endpoints of the functions.",
        "A connection reads a list with these five. If another authority signs the certificate of an "
        "endpoint, the first connection to it also reads a longer list.",
        tuple(f"TLS connection to {service}" for service in _SERVICES),
        (),
        changes(
            yes="Nothing.",
            no="Give the client of this service botocore's list in `botocore_clients.py`, so that its first "
            "connection needs one handshake.",
        ),
        _authorities,
        emulator_lacks="certificates of Amazon",
    ),
)
