from tests.support.handlers import output

__all__ = ["output"]
