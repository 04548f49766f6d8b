"""The local API refuses what API Gateway refuses, with the gateway responses of the template."""

import json
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from tests.support.local_gateway import ADMINISTRATOR, Api
from tests.support.local_stack_user import Caller, new_user
from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

BODY = {"email": "ada@people.example"}


def caller(probed: Stack, resource: str) -> Credentials:
    """The key of an IAM user who may invoke `resource` only."""
    iam, name = probed.client("iam"), f"caller-{secrets.token_hex(4)}"
    right = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [right]})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def api(probed: Stack) -> Api:
    return Api(probed)


def test_a_signed_request_reaches_the_function(api: Api) -> None:
    response = api.post("/createToken", BODY)
    assert (response.status, json.loads(response.body["body"])) == (200, BODY)
    assert response.body["context"]["identity"]["userArn"]


@pytest.mark.parametrize("path", ["/createToken", "/verifyToken", "/introspect"])
def test_an_unsigned_request_is_refused(api: Api, path: str) -> None:
    response = replace(api, signer=None).post(path, BODY)
    assert (response.status, response.problem) == (403, "not-authorised")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_signature_is_for_one_secret_body_service_and_region(api: Api, probed: Stack) -> None:
    permitted = caller(probed, "*")
    for signer in (ADMINISTRATOR, permitted):
        signed = replace(api, signer=signer)
        assert signed.post("/createToken", BODY).status == 200
        wrong = Credentials(signer.access_key, "not the secret")
        for response in (
            replace(api, signer=wrong).post("/createToken", BODY),
            signed.post("/createToken", BODY, sent=b'{"email": "thief@people.example"}'),
            replace(signed, service="s3").post("/createToken", BODY),
            replace(signed, region="eu-west-1").post("/createToken", BODY),
        ):
            assert (response.status, response.problem) == (403, "not-authorised")
    unknown = Credentials("AKIAIOSFODNN7EXAMPLE", "a secret")
    assert replace(api, signer=unknown).post("/createToken", BODY).status == 403


def test_a_permission_is_for_one_endpoint(api: Api, probed: Stack) -> None:
    api_id = probed.outputs["TokenApiURL"].split("/")[-2]
    resource = f"arn:aws:execute-api:{probed.region}:000000000000:{api_id}/v1/POST/createToken"
    allowed = replace(api, signer=caller(probed, resource))
    assert allowed.post("/createToken", BODY).status == 200
    response = allowed.post("/introspect", {"proof": "a.b.c"})
    assert (response.status, response.problem) == (403, "not-authorised")
    assert "execute-api:Invoke" in response.body["detail"]


@pytest.mark.parametrize(
    "body", [{"email": "x" * 255}, {"email": "x", "more": "y"}, {"purpose": 5}, ["email"], "email", None]
)
def test_a_body_of_another_shape_never_reaches_the_function(api: Api, body: object) -> None:
    response = api.post("/createToken", body)
    assert (response.status, response.problem) == (400, "invalid-request")


def test_the_function_itself_says_why_a_code_alone_is_not_enough(api: Api) -> None:
    assert api.post("/verifyToken", {"verification_code": "123456"}).status == 200
    assert api.post("/verifyToken", {"token": "a.b.c"}).problem == "invalid-request"


def test_a_body_over_ten_megabytes_is_too_large(api: Api) -> None:
    response = api.post("/createToken", {"email": "x" * 10 * 1024 * 1024})
    assert (response.status, response.problem) == (413, "too-large")


@pytest.mark.parametrize("path", ["/createToken", "/nowhere", "/health/more", "/"])
def test_an_unknown_path_or_method_is_refused(api: Api, path: str) -> None:
    response = api.get(path)
    assert (response.status, response.problem) == (403, "not-authorised")


def test_step_up_accepts_an_id_token_only(api: Api, probed: Stack) -> None:
    app, (email, sub) = Caller(probed), new_user(probed, "a long enough password")
    tokens = app.answer(app.start(email)["Session"], email, "right")["AuthenticationResult"]
    unsigned = replace(api, signer=None)
    response = unsigned.post("/step-up", {}, Authorization=tokens["IdToken"])
    assert response.body["context"]["authorizer"]["claims"]["sub"] == sub
    head, payload, signature = tokens["IdToken"].split(".")
    forged = ".".join((head, payload, signature[::-1]))
    for token in (tokens["AccessToken"], forged, "a.b.c"):
        refused = unsigned.post("/step-up", {}, Authorization=token)
        assert (refused.status, refused.problem) == (401, "not-authorised")
    assert api.post("/step-up", {}).status == 401


def test_a_function_that_crashes_is_unavailable(api: Api) -> None:
    response = api.post("/createToken", BODY, probe="raise")
    assert (response.status, response.problem) == (503, "unavailable")
    assert response.headers["Retry-After"] == str(response.body["retry_after"])


def test_too_many_requests_get_a_retry_after(api: Api) -> None:
    # The limit is 2 per second with a burst of 5, so 50 requests in a row are too many.
    response = next(
        response for response in (api.get("/health/ready") for _ in range(50)) if response.status != 200
    )
    assert (response.status, response.problem, response.headers["Retry-After"]) == (429, "throttled", "1")


def test_the_addresses_are_on_loopback_and_the_issuer_is_unchanged(probed: Stack) -> None:
    for name in ("TokenApiURL", "TokenCreationAPIURL", "StepUpVerificationAPIURL", "TokenKeysURL"):
        assert probed.outputs[name].startswith(f"{probed.endpoint_url}/_aws/execute-api/")
    issuer = probed.client("lambda").get_function_configuration(FunctionName=probed.functions["token_api"])[
        "Environment"
    ]["Variables"]["ISSUER"]
    assert probed.outputs["TokenIssuer"] == issuer
    assert issuer.startswith("https://")


@pytest.mark.usefixtures("state")
def test_with_the_service_off_nothing_of_it_is_deployed(project: Path) -> None:
    off = {"TokenService": "OFF", "HostedSignInMode": "OFF"}
    deployed = stack.up(port=process.free_port(), parameters=off, root=project)
    assert not {"token_api", "hosted_sign_in"} & set(deployed.functions)
    assert not [name for name in deployed.outputs if name.startswith(("Token", "StepUp", "Hosted"))]
    assert deployed.client("apigateway").get_rest_apis()["items"] == []
    assert len(deployed.client("kms").list_keys()["Keys"]) == 1
