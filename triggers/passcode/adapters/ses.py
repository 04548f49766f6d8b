"""Email through SES v2. `Simple` content: a template that fails to render would fail after the fact."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable
from passcode.channels.email import EmailMessage
from passcode.delivery.gateway import NotTaken

# SES will not take this mail, however often it is asked: fall over to the next channel.
_FINAL = (
    "AccountSuspendedException",
    "BadRequestException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "NotFoundException",
    "SendingPausedException",
)


@dataclass(frozen=True)
class SesEmail:
    """Sends mails. `client` is a botocore SES v2 client."""

    client: Any
    sender: str
    configuration_set: str

    def send(self, to: str, mail: EmailMessage) -> None:
        """Hand one mail to SES. Raises `NotTaken` or `Unavailable` (try again)."""
        with unavailable("SES"):
            try:
                self.client.send_email(
                    FromEmailAddress=self.sender,
                    Destination={"ToAddresses": [to]},
                    ConfigurationSetName=self.configuration_set,
                    Content={
                        "Simple": {
                            "Subject": _utf8(mail.subject),
                            "Body": {"Text": _utf8(mail.text), "Html": _utf8(mail.html)},
                        }
                    },
                )
            except ClientError as error:
                if error_code(error) in _FINAL:
                    raise NotTaken(error_code(error)) from None
                raise


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
