"""`python -m demo_client`."""

from demo_client.cli.commands import app

app(prog_name="python -m demo_client")
