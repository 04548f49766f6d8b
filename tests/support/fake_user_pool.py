"""A fake user pool behind a real client. As on AWS, an update resets the settings that it leaves out.

UpdateUserPool without MfaConfiguration turns MFA off: its factors are in SetUserPoolMfaConfig alone.
"""

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

REGION, ACCOUNT = "eu-central-1", "123456789012"
POOL_ID = f"{REGION}_Fake1"
ARN = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL_ID}"
_DEFAULTS = {"MfaConfiguration": "OFF", "DeletionProtection": "INACTIVE", "UserPoolTier": "ESSENTIALS"}
_READ_ONLY = (
    "Id",
    "Arn",
    "SchemaAttributes",
    "UsernameAttributes",
    "AliasAttributes",
    "CreationDate",
    "Domain",
)
_CLIENT_READ_ONLY = ("ClientType", "ClientSecretArn", "LastUsedDate")
# Settings that an update keeps when it leaves them out.
_KEPT = ("DcrConfiguration",)
_TEXTS = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}
Json = dict[str, Any]


@cache
def _session() -> boto3.Session:
    # Cached, because loading Cognito's model takes longer than a test.
    return boto3.Session()


class RefusedError(Exception):
    """An error response of the service: its code and its text."""


class Interrupted(Exception):
    """The connection broke."""


class FakeCognito:
    """One pool with its app clients. `calls` are the names of the changing operations so far."""

    def __init__(self, pool: Json, clients: Json) -> None:
        self.pool: Json = (
            {"Id": POOL_ID, "Arn": ARN, "Name": "users", "SchemaAttributes": []} | _DEFAULTS | pool
        )
        self.clients = clients
        self.mfa: Json = {"MfaConfiguration": self.pool["MfaConfiguration"]}
        self.tags: dict[str, str] = {}
        self.providers: dict[str, Json] = {}
        self.calls: list[str] = []
        self.interrupt_at: int | None = None
        self.refused: dict[str, tuple[str, str]] = {}  # error codes and messages by operation
        self.self_changing_number = ""  # the number in an app client that changes with every describe call

    def client(self) -> Any:
        made = _session().client(
            "cognito-idp", REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
        made.meta.events.register("before-send.cognito-idp", cast(Any, self._respond))
        return made

    def describe(self) -> Json:
        return copy.deepcopy({"pool": self.pool, "clients": self.clients, "mfa": self.mfa})

    def _respond(self, request: AWSPreparedRequest, **_rest: Any) -> AWSResponse:
        operation = cast(bytes, request.headers["X-Amz-Target"]).decode().rpartition(".")[2]
        body = json.loads(cast(bytes, request.body))
        if not operation.startswith(("Describe", "List", "Get")):
            self.step(operation)
        try:
            self._refuse(operation)
            status, document = 200, getattr(self, f"_{operation}")(body)
        except RefusedError as refused:
            status, document = 400, {"__type": refused.args[0], "message": refused.args[1]}
        return _HttpResponse(request.url, status, json.dumps(document, default=str).encode())

    def _refuse(self, operation: str) -> None:
        if operation in self.refused:
            raise RefusedError(*self.refused[operation])

    def step(self, name: str) -> None:
        """Count a change. At `interrupt_at` the connection breaks before the change."""
        if self.interrupt_at == len(self.calls):
            raise Interrupted
        self.calls.append(name)

    def _DescribeUserPool(self, body: Json) -> Json:  # noqa: N802
        if body["UserPoolId"] != POOL_ID:
            raise RefusedError("ResourceNotFoundException", "no such pool")
        return {"UserPool": self.pool}

    def _DescribeUserPoolClient(self, body: Json) -> Json:  # noqa: N802
        if body["ClientId"] not in self.clients:
            raise RefusedError("ResourceNotFoundException", "no such client")
        if self.self_changing_number in self.clients[body["ClientId"]]:
            self.clients[body["ClientId"]][self.self_changing_number] += 1
        return {"UserPoolClient": self.clients[body["ClientId"]] | {"ClientSecret": "kept by AWS"}}

    def _ListUserPoolClients(self, body: Json) -> Json:  # noqa: N802
        return {"UserPoolClients": [{"ClientId": name} for name in self.clients]}

    def _GetUserPoolMfaConfig(self, _body: Json) -> Json:  # noqa: N802
        return self.mfa

    def _SetUserPoolMfaConfig(self, body: Json) -> Json:  # noqa: N802
        self.mfa = {name: value for name, value in body.items() if name != "UserPoolId"}
        self.pool["MfaConfiguration"] = body["MfaConfiguration"]
        return {}

    def _AddCustomAttributes(self, body: Json) -> Json:  # noqa: N802
        self.pool["SchemaAttributes"] += [{"Name": f"custom:{a['Name']}"} for a in body["CustomAttributes"]]
        return {}

    def _DescribeIdentityProvider(self, body: Json) -> Json:  # noqa: N802
        if body["ProviderName"] not in self.providers:
            raise RefusedError("ResourceNotFoundException", "no such provider")
        return {"IdentityProvider": self.providers[body["ProviderName"]]}

    def _UpdateIdentityProvider(self, body: Json) -> Json:  # noqa: N802
        # As on AWS, an update keeps the members that it leaves out.
        self.providers[body["ProviderName"]] |= body | {"LastModifiedDate": len(self.calls)}
        return {}

    def _ListTagsForResource(self, _body: Json) -> Json:  # noqa: N802
        return {"Tags": self.tags}

    def _TagResource(self, body: Json) -> Json:  # noqa: N802
        self.tags |= body["Tags"]
        return {}

    def _UntagResource(self, body: Json) -> Json:  # noqa: N802
        self.tags = {name: value for name, value in self.tags.items() if name not in body["TagKeys"]}
        return {}

    def _UpdateUserPool(self, body: Json) -> Json:  # noqa: N802
        _refuse_conflicts(body)
        kept = {name: self.pool[name] for name in (*_READ_ONLY, *_KEPT) if name in self.pool}
        new = {name: value for name, value in body.items() if name not in ("UserPoolId", "PoolName")}
        self.pool = kept | _DEFAULTS | {"Name": body.get("PoolName", "reset")} | new
        _mirror(self.pool)
        if "DcrConfiguration" in body:
            self.pool["DcrConfiguration"] = {"EnableStatus": "Enabled"} | body["DcrConfiguration"]
        if self.pool["MfaConfiguration"] == "OFF":
            self.mfa = {"MfaConfiguration": "OFF"}
        return {}

    def _UpdateUserPoolClient(self, body: Json) -> Json:  # noqa: N802
        flows = body.get("ExplicitAuthFlows", [])
        rotates = body.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED"
        if rotates and "ALLOW_REFRESH_TOKEN_AUTH" in flows:
            raise RefusedError("InvalidParameterException", "rotation needs ALLOW_REFRESH_TOKEN_AUTH off")
        analytics = body.get("AnalyticsConfiguration", {})
        if "ApplicationArn" in analytics and "ApplicationId" in analytics:
            raise RefusedError("InvalidParameterException", "one Pinpoint project only")
        # AWS returns lists in any order.
        lists = {name: value[::-1] for name, value in body.items() if isinstance(value, list)}
        found = self.clients[body["ClientId"]]
        kept = {name: found[name] for name in _CLIENT_READ_ONLY if name in found}
        self.clients[body["ClientId"]] = kept | body | lists
        return {"UserPoolClient": body}


class _HttpResponse(AWSResponse):
    def __init__(self, url: str, status: int, content: bytes) -> None:
        super().__init__(url, status, HTTPHeaders(), None)
        self._content = content


def _refuse_conflicts(body: Json) -> None:
    passwords = body.get("Policies", {}).get("PasswordPolicy", {})
    invitation = body.get("AdminCreateUserConfig", {})
    template = body.get("VerificationMessageTemplate", {})
    triggers = body.get("LambdaConfig", {})
    versioned = triggers.get("PreTokenGenerationConfig", {}).get("LambdaArn")
    checks: tuple[tuple[bool, str], ...] = (
        (
            "TemporaryPasswordValidityDays" in passwords and "UnusedAccountValidityDays" in invitation,
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays",
        ),
        (
            versioned is not None and triggers.get("PreTokenGeneration", versioned) != versioned,
            "PreTokenGeneration and PreTokenGenerationConfig must be the same",
        ),
        ("EmailMessage" in template and "EmailMessageByLink" in template, "The message is invalid."),
        (any(name.startswith("aws:") for name in body.get("UserPoolTags", {})), "aws: tags are AWS's own"),
        (
            body.get("UserPoolTier") == "LITE"
            and ("AcrConfiguration" in body or "SignInPolicy" in body.get("Policies", {})),
            "The following features need to be disabled for the LITE pricing tier",
        ),
        (
            body.get("UserPoolTier") == "LITE"
            and triggers.get("PreTokenGenerationConfig", {}).get("LambdaVersion", "V1_0") != "V1_0",
            "The following features need to be disabled for the LITE pricing tier: V2_0",
        ),
        (
            body.get("MfaConfiguration", "OFF") != "OFF" and "SmsConfiguration" not in body,
            "SMS configuration and Auto verification for phone_number are required",
        ),
    )
    for wrong, text in checks:
        if wrong:
            raise RefusedError("InvalidParameterException", text)


def _mirror(pool: Json) -> None:
    """Describe some settings twice, with the old and the new name, as AWS does."""
    days = pool.get("Policies", {}).get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays")
    if days is not None and "AdminCreateUserConfig" in pool:
        pool["AdminCreateUserConfig"] = pool["AdminCreateUserConfig"] | {"UnusedAccountValidityDays": days}
    triggers = pool.get("LambdaConfig", {})
    if "PreTokenGeneration" in triggers and "PreTokenGenerationConfig" not in triggers:
        first = {"LambdaVersion": "V1_0", "LambdaArn": triggers["PreTokenGeneration"]}
        pool["LambdaConfig"] = triggers | {"PreTokenGenerationConfig": first}
    for old, new in _TEXTS.items():
        if new in pool.get("VerificationMessageTemplate", {}):
            pool[old] = pool["VerificationMessageTemplate"][new]


def full_pool(values: Callable[[str], Json], *, by_link: bool) -> Json:
    """A pool with every setting, as AWS describes it. `values` returns the members of a request."""
    pool = {k: v for k, v in values("UpdateUserPoolRequest").items() if k not in ("UserPoolId", "PoolName")}
    template = pool["VerificationMessageTemplate"]
    template["DefaultEmailOption"] = "CONFIRM_WITH_LINK" if by_link else "CONFIRM_WITH_CODE"
    for name in ("EmailMessage", "EmailSubject") if by_link else ("EmailMessageByLink", "EmailSubjectByLink"):
        del template[name]
    for old in _TEXTS:
        del pool[old]
    pool["LambdaConfig"]["PreTokenGeneration"] = pool["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaArn"]
    _mirror(pool)
    return pool
