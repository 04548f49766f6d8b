"""Configuration of the token service: its URL, and the credentials for its requests."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.credentials import Credentials

from demo_client.cognito import aws_clients
from demo_client.errors import CliError
from demo_client.stack_file import readable_stack_file
from demo_client.token_client import TokenClient
from demo_client.token_client.transport import is_loopback


@dataclass(frozen=True, slots=True)
class TokenServiceConfig:
    """One token service. `region` is None if the URL contains it."""

    api_url: str
    region: str | None = None

    def create_client(self) -> TokenClient:
        """Return a client with the user's own AWS credentials; for the local stack, with test credentials."""
        try:
            if not is_loopback(self.api_url):
                return TokenClient(self.api_url, region=self.region)
            # The user's own AWS configuration must have no effect on the local stack.
            test_credentials = Credentials("test", "test")
            return TokenClient(
                self.api_url,
                region=self.region,
                session=aws_clients.isolated_session(),
                credentials=test_credentials,
            )
        except ValueError as error:
            raise CliError(str(error)) from None


def find_token_service(stack: Path | None, environ: Mapping[str, str] = os.environ) -> TokenServiceConfig:
    """Return the token service of `--stack`, else of PASSCODE_TOKEN_API_URL, else of the local stack.

    Raises CliError if there is none.
    """
    if stack is None and environ.get("PASSCODE_TOKEN_API_URL"):
        return TokenServiceConfig(environ["PASSCODE_TOKEN_API_URL"], environ.get("PASSCODE_REGION") or None)
    if stack is None and environ.get("PASSCODE_USER_POOL_ID"):
        raise CliError("PASSCODE_USER_POOL_ID is set, but no token service. Set PASSCODE_TOKEN_API_URL, too.")
    return _from_file(stack or Path(environ.get("PASSCODE_LOCAL_DIR") or ".local") / "stack.json")


def _from_file(path: Path) -> TokenServiceConfig:
    with readable_stack_file(path, "select a token service with --stack or PASSCODE_TOKEN_API_URL"):
        content = json.loads(path.read_text(encoding="utf-8"))
        api_url, region = content["outputs"].get("TokenApiURL", ""), content["region"]
        if not isinstance(api_url, str) or not isinstance(region, str):
            raise TypeError("a field has another type")
    if not api_url:
        raise CliError("This stack has no token service. Deploy it with TokenService=ON.")
    return TokenServiceConfig(api_url, region)
