"""Paths of the local stack, and the environment of the emulator and of the functions that it runs."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REGION = "us-east-1"
ACCOUNT = "000000000000"

# The variables that a Python process needs. No AWS_ variable and no proxy is passed on, because a local
# function must never reach a real account.
_PASSED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def state_dir() -> Path:
    """Return the directory of the local stack's files: `PASSCODE_LOCAL_DIR`, else `.local` in the project."""
    return Path(os.environ.get("PASSCODE_LOCAL_DIR") or ROOT / ".local").absolute()


def make_state_dir() -> Path:
    """Create `state_dir()` if it does not exist, readable for its owner only, and return it."""
    path = state_dir()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def for_emulator(port: int) -> dict[str, str]:
    """Return the whole environment of the emulator's process, which listens on loopback and `port` only."""
    state = make_state_dir()
    # The unpacked code of the functions. `down` deletes it.
    scratch = state / "scratch"
    scratch.mkdir(exist_ok=True)
    return {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ} | {
        "PASSCODE_LOCAL_DIR": str(state),
        "TMPDIR": str(scratch),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # At INFO it logs the text of each SMS and the address of each email.
        "LOG_LEVEL": "WARNING",
        # Each function has only the permissions of its role.
        "AUTH": "true",
        # These two would listen on more ports.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # ministack would remove containers that it takes for its own.
        "DOCKER_HOST": f"unix://{os.devnull}/none",
        "PYTHONUNBUFFERED": "1",
        # After a break of up to an hour, the demo has no cold starts.
        "LAMBDA_WARM_TTL_SECONDS": "3600",
    }
