"""Whether what the service depends on answers. Each check is one cheap call."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from passcode.token_service.telemetry import Telemetry
from token_http.bodies import Ready

Check = Callable[[], object]


def ready(checks: Mapping[str, Check], tell: Telemetry) -> Ready:
    """Run every check, whatever the others say. The log has the reasons; the answer names the parts alone.

    All at once: when AWS hangs, one after the other would outlive the function, and nobody would hear which.
    """
    with ThreadPoolExecutor(len(checks)) as pool:
        passed = pool.map(lambda name: _passes(name, checks[name], tell), checks)
        results = dict(zip(checks, passed, strict=True))
    return Ready(
        status="ready" if all(results.values()) else "not_ready",
        checks={name: "ok" if passed else "failed" for name, passed in results.items()},
    )


def _passes(name: str, check: Check, tell: Telemetry) -> bool:
    try:
        check()
    except Exception as error:
        tell.failed(f"not ready: {name}", error)
        return False
    return True
