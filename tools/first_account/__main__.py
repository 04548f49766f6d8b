"""`python -m tools.first_account`."""

from tools.first_account.cli import COMMAND, app

app(prog_name=COMMAND)
