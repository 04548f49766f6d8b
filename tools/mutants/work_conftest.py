"""The conftest.py of the folder in which mutmut works. It selects whole tests instead of single cases.

mutmut passes the ids of test cases to pytest, and pytest does not find each id that has unusual characters.
"""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Remove the parameters from the selected ids."""
    config.args = list(dict.fromkeys(argument.partition("[")[0] for argument in config.args))
