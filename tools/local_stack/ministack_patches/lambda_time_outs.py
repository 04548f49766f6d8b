"""The time-outs of the functions and of their AWS clients."""

from typing import Any

from ministack.core import lambda_runtime

FUNCTION_SECONDS = 60
CLIENT_SECONDS = 20

# ministack has imported botocore at this point, and not yet the handler.
_BEFORE_IMPORT = "    _ms_install_invoke_depth()\n"
_LENGTHEN = f"""
    import botocore.config
    _configure = botocore.config.Config.__init__
    def _configure_with_long_time_outs(self, *args, **kwargs):
        _configure(self, *args, **kwargs)
        self.connect_timeout = max(self.connect_timeout, {CLIENT_SECONDS})
        self.read_timeout = max(self.read_timeout, {CLIENT_SECONDS})
    botocore.config.Config.__init__ = _configure_with_long_time_outs
    try:
        from passcode.adapters import botocore_clients
        botocore_clients.seconds_for = lambda context, most_seconds: {FUNCTION_SECONDS - 10}
    except ImportError:
        pass
"""


def patch() -> None:
    """A function gets at least 60 seconds, its AWS calls 50, and each AWS client waits at least 20 seconds.

    AWS gives each function its own share of a core. Here the functions share the machine with the emulator.
    With the time-outs of the stack, a busy machine would make functions fail. The settings of the function,
    as Lambda reports them, do not change. Cognito's limit of 5 seconds does not exist here either.
    """
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_BEFORE_IMPORT, _BEFORE_IMPORT + _LENGTHEN)
    lambda_runtime.Worker = _LongTimeoutWorker


class _LongTimeoutWorker(lambda_runtime.Worker):  # type: ignore[misc]
    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        timeout = max(config.get("Timeout", 3), FUNCTION_SECONDS)
        super().__init__(func_name, {**config, "Timeout": timeout}, code_zip)
