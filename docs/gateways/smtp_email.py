"""A Lambda function that sends emails through SMTP. docs/gateways.md describes its event and its answers.

It logs nothing, because the message contains the code. Python needs no further package for it.
"""

import base64
import os
import smtplib
import ssl
from contextlib import closing
from email.message import EmailMessage

# The server must offer TLS from the start of the connection (RFC 8314, 3.3), usually on port 465.
HOST, PORT = os.environ["SMTP_HOST"], int(os.environ.get("SMTP_PORT", "465"))
USER, PASSWORD = os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"]
# Such as: Example <no-reply@example.com>
SENDER = os.environ["MAIL_FROM"]
# For each response of the server. The stack waits 6.5 seconds for the answer.
SECONDS = 2.0


def handler(event, _context):
    """Send one email. Returns TAKEN only if the server has accepted it."""
    if event["version"] != 1 or event["channel"] != "email":
        return not_taken("not_supported", final=True)
    mail = build(event)
    try:
        server = smtplib.SMTP_SSL(HOST, PORT, timeout=SECONDS, context=ssl.create_default_context())
    except OSError as error:
        # Nothing was sent, so the stack may try again.
        return not_taken(type(error).__name__)
    # No QUIT: the wait for its response could be longer than that of the stack.
    with closing(server):
        try:
            server.login(USER, PASSWORD)
        except OSError as error:  # smtplib's errors are OSErrors too
            return not_taken(type(error).__name__)
        return send(server, mail)


def send(server, mail):
    """Send one email in an open connection, and return the answer."""
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, _text = next(iter(error.recipients.values()))
        return not_taken(f"smtp_{code}", final=code >= 500)
    except smtplib.SMTPSenderRefused as error:
        # Another message may pass, once the sender is set up.
        return not_taken(f"smtp_{error.smtp_code}")
    except smtplib.SMTPDataError as error:
        return not_taken(f"smtp_{error.smtp_code}", final=error.smtp_code >= 500)
    except OSError as error:
        # The server may have the message.
        return {"result": "UNKNOWN", "reason": type(error).__name__}
    return {"result": "TAKEN"}


def build(event):
    """Return the email of an event: the text, the HTML, and the logo that the HTML shows."""
    message, mail = event["message"], EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, event["to"], message["subject"]
    # A repeat of a message has the same id, so mail programs can drop it.
    mail["Message-ID"] = f"<{event['delivery_id']}@{HOST}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message["text"])
    mail.add_alternative(message["html"], subtype="html")
    if "logo" in message:
        logo, html = base64.b64decode(message["logo"]), mail.get_payload()[1]
        html.add_related(logo, "image", "png", cid="<logo>", disposition="inline", filename="logo.png")
    return mail


def not_taken(reason, *, final=False):
    """Return the answer for a message that the server certainly does not send."""
    return {"result": "NOT_TAKEN", "final": final, "reason": reason}
