"""`python -m tools.pool_admin`."""

from tools.pool_admin.cli import app
from tools.pool_admin.fixes import COMMAND

app(prog_name=COMMAND)
