from tests.support.handlers import output
from tests.support.no_network import no_network

__all__ = ["no_network", "output"]
