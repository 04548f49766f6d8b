"""What the emulator and the functions it runs may know of the person's own environment: next to nothing."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REGION = "us-east-1"
ACCOUNT = "000000000000"

# What a Python process needs to run at all. Nothing that begins with AWS_ and no proxy gets through: a local
# function must never reach a real account.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def state_dir() -> Path:
    """Where the local stack writes everything: `PASSCODE_LOCAL_DIR`, else the project's `.local`."""
    return Path(os.environ.get("PASSCODE_LOCAL_DIR") or ROOT / ".local").absolute()


def make_state_dir() -> Path:
    """`state_dir()`, made if it is not there, and closed to the other users of the machine."""
    path = state_dir()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def for_emulator(port: int) -> dict[str, str]:
    """The whole environment of the emulator's process, which listens on loopback and on `port` only."""
    state = make_state_dir()
    # The unpacked code of the functions goes where `down` clears it away.
    scratch = state / "scratch"
    scratch.mkdir(exist_ok=True)
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {
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
        # Each function has the rights of its own role and no others.
        "AUTH": "true",
        # These two listen on ports of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would remove containers that it takes for its own.
        "DOCKER_HOST": f"unix://{os.devnull}/none",
        "PYTHONUNBUFFERED": "1",
        # A demo that is left alone over a coffee should not start cold again.
        "LAMBDA_WARM_TTL_SECONDS": "3600",
    }
