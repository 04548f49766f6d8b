"""The fixture for attacks: the product on a local stack with a clock of the test."""

from collections.abc import Iterator

import pytest

from tests.support.live_attacks import TimedStack, deployed


# One for all files, because each stack takes about ten seconds to start.
@pytest.fixture(scope="session")
def _product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimedStack]:
    with deployed(tmp_path_factory.mktemp("product")) as found:
        yield found


@pytest.fixture
def product(_product: TimedStack) -> TimedStack:
    """The product with default parameters and both app clients, at the start of a day.

    The root logger of its functions is at DEBUG.
    """
    _product.start_day()
    return _product
