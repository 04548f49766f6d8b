"""The template of the project, with valid answers."""

from pathlib import Path

import pytest

from tools.deploy.template import Template, read_template
from tools.local_stack.environment import ROOT

ANSWERS = {"SenderEmail": "no-reply@mail.example.com", "SignInHost": "app.example.com"}


@pytest.fixture(scope="session")
def template() -> Template:
    return read_template(ROOT / "template.yaml")


@pytest.fixture
def parameters(template: Template) -> dict[str, str]:
    """All parameters with their defaults, and answers for the others."""
    return template.defaults | ANSWERS


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.mine.toml"
