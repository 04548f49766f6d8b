"""`python -m tools.pool_admin`."""

from tools.pool_admin.cli import app

app(prog_name="python -m tools.pool_admin")
