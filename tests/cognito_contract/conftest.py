"""Fixtures: the functions of a sign-in on moto, and a user pool that calls them as AWS's pages say."""

from collections.abc import Iterator

import pytest

from tests.cognito_contract.app import FORMS, App, Deployment
from tests.support.events import CODE_ONLY_CLIENT, PASSWORD_CLIENT
from tests.support.sign_in_on_moto import SignInOnMoto, composed
from tests.support.virtual_clock import installed


@pytest.fixture(scope="module")
def functions() -> Iterator[SignInOnMoto]:
    """The functions. All tests of a module use them, each with its own users."""
    with composed() as found:
        yield found


@pytest.fixture(params=FORMS.values(), ids=list(FORMS))
def deployment(functions: SignInOnMoto, request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """A user pool with the functions, once with each form of events."""
    with installed(functions.clock):
        yield Deployment(functions, request.param)


# Not each client with each form, because moto needs 0.3 s for a sign-in.
APPS = {
    "by code alone, keys are absent": (CODE_ONLY_CLIENT, "keys are absent"),
    "by code alone, empty": (CODE_ONLY_CLIENT, "empty, of a later version"),
    "with a password, null": (PASSWORD_CLIENT, "null"),
}


@pytest.fixture(params=APPS.values(), ids=list(APPS))
def app(functions: SignInOnMoto, request: pytest.FixtureRequest) -> Iterator[App]:
    """An app with a new user, with each app client."""
    client, form = request.param
    with installed(functions.clock):
        yield Deployment(functions, FORMS[form]).app(client)
