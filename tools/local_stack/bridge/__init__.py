"""Where ministack 1.5.33 behaves unlike AWS where it matters here, one function for each difference.

The docstring of each function is the fact about AWS; the code makes ministack follow it.
"""

from tools.local_stack.bridge import sms


def apply() -> None:
    """Patch ministack in this process."""
    sms.apply()
