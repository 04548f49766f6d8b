"""The notice for a refusal of a trigger. It depends on the tag, not on the text."""

from passcode.hosted.state import Notice
from passcode.token_service.refusal import REFUSALS, Refusal, RefusalTag


def notice_of(tag: RefusalTag | None) -> Notice:
    """Return the notice for `tag`. It is "unavailable" without a tag, and for a reason of another release."""
    if tag is None:
        return Notice.UNAVAILABLE
    try:
        return Notice(REFUSALS[Refusal(tag.reason)].notice)
    except ValueError:
        return Notice.UNAVAILABLE
