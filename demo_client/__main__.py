"""`python -m demo_client`."""

from demo_client.app import app

app(prog_name="python -m demo_client")
