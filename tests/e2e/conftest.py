"""Fixtures for attacks: the product and weak versions of it, each on a separate local stack."""

from collections.abc import Iterator

import pytest

from tests.support.live_attacks import Deploy, TimedStack, deployed


@pytest.fixture(scope="module")
def _product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimedStack]:
    with deployed(tmp_path_factory.mktemp("product")) as found:
        yield found


@pytest.fixture
def product(_product: TimedStack) -> TimedStack:
    """The product with default parameters and both app clients, at the start of a day."""
    _product.start_day()
    return _product


@pytest.fixture
def weak(tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """A function that deploys the product with changes of `changed_functions`, for a block."""
    return lambda *changes: deployed(tmp_path_factory.mktemp("weak"), *changes)
