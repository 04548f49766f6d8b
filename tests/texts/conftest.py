from tests.support.handlers import heard
from tests.support.no_network import no_network

__all__ = ["heard", "no_network"]
