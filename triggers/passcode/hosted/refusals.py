"""The notice for a refusal of a trigger. It depends on the tag, not on the text."""

from passcode.hosted.state import Notice
from passcode.token_service.refusal import REFUSALS, Refusal, RefusalTag


def notice_of(tag: RefusalTag | None) -> Notice:
    """The notice for `tag`: "unavailable" without a tag, or with a reason that this release does not know."""
    if tag is None:
        return Notice.UNAVAILABLE
    try:
        return Notice(REFUSALS[Refusal(tag.reason)].notice)
    except ValueError:
        return Notice.UNAVAILABLE
