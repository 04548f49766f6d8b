"""Create an account and confirm its address, with the API calls that an app makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo_client.cognito.pool_config import PoolConfig

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class Account:
    """One account of a pool, identified by its email address."""

    def __init__(self, cognito: CognitoIdentityProviderClient, pool: PoolConfig, email: str) -> None:
        self._cognito = cognito
        self._client_id = pool.password_and_code_client_id or pool.code_only_client_id
        self._email = email

    def sign_up(self, password: str, phone: str | None, channel: str | None) -> str:
        """Create the account, unconfirmed, and return its `sub`.

        Codes go to `channel` first (`email`, `sms` or `voice`), or as the pool decides if it is None.
        """
        attributes = {"email": self._email, "phone_number": phone, "custom:otp_channel": channel}
        created = self._cognito.sign_up(
            ClientId=self._client_id,
            Username=self._email,
            Password=password,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items() if value],
        )
        return created["UserSub"]

    def confirm(self, code: str) -> None:
        """Confirm the address with the code that Cognito itself sent to it."""
        self._cognito.confirm_sign_up(
            ClientId=self._client_id, Username=self._email, ConfirmationCode=code.strip()
        )

    def resend_confirmation(self) -> None:
        """Ask Cognito to send another confirmation code."""
        self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=self._email)
