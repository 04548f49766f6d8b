"""Where ministack 1.5.33 behaves unlike AWS and it matters here, one small function for each difference.

The docstring of a function is what AWS does; the code makes ministack do it. Nothing here may make the local
AWS kinder than the real one: a test that passes here should pass there.
"""

from tools.local_stack.bridge import (
    apis,
    callers,
    events,
    federation,
    gateway,
    identities,
    providers,
    resources,
    rights,
    rounds,
    sessions,
    sms,
    triggers,
    unknown_users,
    watching,
)


def apply() -> None:
    """Patch ministack in this process."""
    sms.apply()
    resources.apply()
    rights.apply()
    apis.apply()
    gateway.apply()
    callers.apply()
    providers.apply()
    federation.apply()
    identities.apply()
    unknown_users.apply()
    # The triggers are run with the events as they are shaped here, so these come first.
    events.apply()
    triggers.apply()
    rounds.apply()
    sessions.apply()
    watching.apply()
