"""`python -m tools.local_stack`."""

from tools.local_stack.cli import app

app(prog_name="python -m tools.local_stack")
