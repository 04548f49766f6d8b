"""`python -m tools.deploy`, which `make deploy` runs."""

from tools.deploy.cli import app

app(prog_name="python -m tools.deploy")
