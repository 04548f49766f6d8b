"""`python -m tools.phrases`: print each phrase to replace as file:line, and exit with 1 if there is one."""

import sys
from pathlib import Path

from tools.phrases.check import check, read_config

if __name__ == "__main__":
    complaints = check(Path(__file__).parents[2], read_config())
    print("\n".join(complaints), end="\n" if complaints else "")
    sys.exit(1 if complaints else 0)
