"""A Lambda function that sends SMS through Twilio. docs/gateways.md describes its event and its answers.

It logs nothing, because the message contains the code. Python needs no further package for it.
"""

import base64
import http.client
import json
import os
import time
from urllib.parse import urlencode

# The host of your Twilio region, such as api.dublin.ie1.twilio.com.
HOST = os.environ.get("TWILIO_HOST", "api.twilio.com")
ACCOUNT = os.environ["TWILIO_ACCOUNT"]
KEY, SECRET = os.environ["TWILIO_KEY"], os.environ["TWILIO_SECRET"]
# The id of a messaging service (MG...). It chooses the sender by country.
SERVICE = os.environ["TWILIO_SERVICE"]
# Connection and response together stay below the 6.5 seconds that the stack waits.
SECONDS = 2.5
# Twilio will not send to this number later either: it is no number, its country is not enabled, its owner has
# opted out, it cannot be reached, or it is a landline.
FINAL = {21211, 21408, 21610, 21612, 21614}


def handler(event, _context):
    """Send one message. Returns TAKEN only if Twilio has accepted it."""
    if event["version"] != 1 or event["channel"] != "sms":
        return not_taken("not_supported", final=True)
    form = {"To": event["to"], "MessagingServiceSid": SERVICE, "Body": event["message"]["text"]}
    if event["expires_at"]:
        left = int(event["expires_at"] - time.time())
        if left < 1:
            return not_taken("expired", final=True)
        form["ValidityPeriod"] = min(left, 36_000)

    connection = http.client.HTTPSConnection(HOST, timeout=SECONDS)
    try:
        connection.connect()
    except OSError as error:
        # Nothing was sent, so the stack may try again.
        return not_taken(type(error).__name__)
    try:
        connection.request(
            "POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", urlencode(form), headers()
        )
        response = connection.getresponse()
        return read(response.status, response.read())
    except (OSError, http.client.HTTPException) as error:
        # Twilio may have the message.
        return {"result": "UNKNOWN", "reason": type(error).__name__}
    finally:
        connection.close()


def headers():
    """Return the headers of a request."""
    credentials = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    return {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}


def read(status, body):
    """Return the answer for a response of Twilio. Its text is left out: it can contain the number."""
    if status == 201:
        return {"result": "TAKEN"}
    if status >= 500 or status < 400:
        return {"result": "UNKNOWN", "reason": f"http_{status}"}
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return not_taken(f"http_{status}")
    return not_taken(f"twilio_{code}", final=code in FINAL)


def not_taken(reason, *, final=False):
    """Return the answer for a message that Twilio certainly does not send."""
    return {"result": "NOT_TAKEN", "final": final, "reason": reason}
