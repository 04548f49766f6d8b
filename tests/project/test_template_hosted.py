"""The hosted sign-in of template.yaml: its API, its app clients, and the requests that WAF does not count."""

import json
import re
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from passcode.hosted.levels import Level
from passcode.hosted.oidc import CLAIMS, discovery
from passcode.hosted.routes import _ROUTES
from tests.support.template import RESOURCES, TEMPLATE, statements

# The linter's strings know their line. JSON turns them into plain strings.
API: dict[str, Any] = json.loads(json.dumps(RESOURCES["HostedSignInApi"]["Properties"]))
BODY: dict[str, Any] = API["DefinitionBody"]
RESPONSES: dict[str, Any] = BODY["x-amazon-apigateway-gateway-responses"]
OPERATIONS = {
    (method.upper(), path): op for path, item in BODY["paths"].items() for method, op in item.items()
}
SETTINGS: dict[str, Any] = RESOURCES["HostedSignIn"]["Properties"]["Environment"]["Variables"]


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def test_the_template_has_exactly_the_paths_of_the_function() -> None:
    assert set(OPERATIONS) == set(_ROUTES)
    for operation in OPERATIONS.values():
        assert "security" not in operation
        uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        assert uri.endswith(":function:${!stageVariables.function}/invocations")
    name, alias = API["Variables"]["function"]["Fn::Sub"]
    assert name == "${AWS::StackName}-hosted-sign-in${Live}"
    assert alias == {"Live": {"Fn::If": ["HasSnapStart", ":live", ""]}}
    # SAM would not deploy the API again when a condition changes.
    assert "Fn::If" not in json.dumps(BODY)
    assert "Cors" not in API
    assert "Access-Control" not in json.dumps(BODY)


def test_every_method_has_a_limit_and_no_body_is_logged() -> None:
    limits = {
        (each["HttpMethod"], each["ResourcePath"].replace("/~1", "/", 1).replace("~1", "/")): each
        for each in API["MethodSettings"]
    }
    assert set(limits) == set(OPERATIONS)
    for limit in limits.values():
        assert limit["ThrottlingRateLimit"]
        assert limit["ThrottlingBurstLimit"]
        assert not {"LoggingLevel", "DataTraceEnabled"} & set(limit)
    assert "AccessLogSetting" not in API


def test_only_images_are_binary_media_types() -> None:
    types = [each.replace("~1", "/") for each in API["BinaryMediaTypes"]]
    # The first types in the Accept header of Chromium and Firefox, of Safari, and of other clients.
    assert {"image/avif", "image/webp", "image/*"} <= set(types)
    assert all(each.startswith("image/") for each in types)


@pytest.mark.parametrize("kind", list(RESPONSES))
def test_an_error_of_the_gateway_is_a_small_page_without_scripts(kind: str) -> None:
    response = RESPONSES[kind]
    headers = {
        name.removeprefix("gatewayresponse.header."): value.strip("'")
        for name, value in response["responseParameters"].items()
    }
    assert headers["Content-Type"].startswith("text/html")
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")
    assert headers["Content-Security-Policy"] == "sandbox"
    (page,) = response["responseTemplates"].values()
    # Without the signs of a Velocity template, nothing of a request is repeated.
    assert not set("$#") & set(page)
    assert "<script" not in page
    sentences = re.findall(r"<p>(.+)$", page)
    assert sentences
    assert sentences[0].endswith(".")
    assert ("Retry-After" in headers) == (kind in ("THROTTLED", "DEFAULT_5XX"))


def test_the_hosted_client_allows_only_the_provider() -> None:
    client, provider = properties("HostedClient"), properties("HostedProvider")
    assert client["SupportedIdentityProviders"] == [provider["ProviderName"]] == [SETTINGS["PROVIDER_NAME"]]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    assert "aws.cognito.signin.user.admin" not in client["AllowedOAuthScopes"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert RESOURCES["HostedClient"]["DependsOn"] == "HostedProvider"


def test_only_the_function_uses_the_inner_client() -> None:
    inner = properties("HostedInnerClient")
    assert inner["GenerateSecret"] is True
    assert inner["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH"]
    assert not [name for name in inner if "OAuth" in name]
    assert SETTINGS["INNER_CLIENT_ID"] == {"Ref": "HostedInnerClient"}
    assert {"Ref": "HostedInnerClient"} not in [output["Value"] for output in TEMPLATE["Outputs"].values()]


def test_define_lists_the_inner_client_only_in_the_mode_code_only() -> None:
    client_list = properties("DefineAuthChallenge")["Environment"]["Variables"]["CODE_ONLY_CLIENTS"]
    if_condition, listed, otherwise = client_list["Fn::If"]
    assert if_condition == "HasHostedCodeOnly"
    assert listed["Fn::Join"][1] == [otherwise, {"Ref": "HostedInnerClient"}]
    condition = TEMPLATE["Conditions"]["HasHostedCodeOnly"]
    assert condition == {"Fn::Equals": [{"Ref": "HostedSignInMode"}, "CODE_ONLY"]}


def test_cognito_may_write_every_mapped_claim() -> None:
    mapping = dict(properties("HostedProvider")["AttributeMapping"])
    assert mapping.pop("username") == "sub"
    assert mapping == {name: name for name in CLAIMS}
    writable = {name for name in mapping if not name.endswith("_verified")}
    assert writable <= set(written_by("HostedClient"))


def written_by(client: str) -> list[str]:
    """Return the attributes that a client of the stack's pool may write."""
    written = properties(client)["WriteAttributes"]
    if isinstance(written, list):
        return written
    own, of_own, of_another = written["Fn::If"]
    # An existing pool may require any attribute. Without a list, a client may write all of them.
    assert (own, of_another) == ("MakesPool", {"Ref": "AWS::NoValue"})
    return list(of_own)


def test_every_client_may_write_the_required_attributes_of_the_pool() -> None:
    """Cognito refuses another client with "Invalid write attributes specified"."""
    required = {each["Name"] for each in properties("UserPool")["Schema"] if each.get("Required")}
    assert required
    clients = [name for name, found in RESOURCES.items() if found["Type"] == "AWS::Cognito::UserPoolClient"]
    assert len(clients) == 4
    for client in clients:
        assert required <= set(written_by(client)), client


def test_cognito_and_the_function_have_the_same_settings() -> None:
    details = properties("HostedProvider")["ProviderDetails"]
    assert details["client_id"] == SETTINGS["RP_CLIENT_ID"]
    assert details["client_secret"] == {"Fn::Sub": "{{resolve:secretsmanager:${HostedClientSecret.Id}}}"}
    assert SETTINGS["RP_SECRET_ID"] == {"Fn::GetAtt": ["HostedClientSecret", "Id"]}
    settings = {
        name: value["Fn::Sub"].replace("${HostedSignInApi.Stage}", API["StageName"])
        for name, value in details.items()
        if name.endswith(("_issuer", "_url", "_uri"))
    }
    issuer = SETTINGS["ISSUER"]["Fn::Sub"]
    assert issuer == TEMPLATE["Outputs"]["HostedIssuer"]["Value"]["Fn::Sub"]
    metadata = discovery(issuer, Level.CODE)
    assert settings == {
        "oidc_issuer": metadata["issuer"],
        "authorize_url": metadata["authorization_endpoint"],
        "token_url": metadata["token_endpoint"],
        "attributes_url": metadata["userinfo_endpoint"],
        "jwks_uri": metadata["jwks_uri"],
    }


def test_cloudformation_cannot_set_the_levels_of_the_provider() -> None:
    """If this fails, set AcrMapping in the template, and remove the step from attach."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "eu-central-1", "AWS::Cognito::UserPoolIdentityProvider"
    ).schema
    assert {*properties("HostedProvider")} <= {*schema["properties"]}
    assert "AcrMapping" not in schema["properties"]


def test_the_brand_comes_from_parameters_and_has_no_logo_by_default() -> None:
    for setting, name in (
        ("APP_NAME", "AppName"),
        ("BRAND_COLOR", "BrandColor"),
        ("BRAND_LOGO", "BrandLogo"),
    ):
        assert SETTINGS[setting] == {"Ref": name}
    logo, color = TEMPLATE["Parameters"]["BrandLogo"], TEMPLATE["Parameters"]["BrandColor"]
    assert logo["Default"] == ""
    taken = re.compile(logo["AllowedPattern"])
    for kind in ("png", "webp", "svg+xml"):
        assert taken.fullmatch(f"data:image/{kind};base64,iVBORw0KGgo=")
    # Other types could run scripts or load other sites.
    for other in ("data:text/html;base64,PGI+", "https://elsewhere.example/logo.png", "data:image/png,x"):
        assert not taken.fullmatch(other)
    assert re.fullmatch(color["AllowedPattern"], color["Default"])
    assert not re.fullmatch(color["AllowedPattern"], "#000000;}")


def test_encrypted_data_can_be_decrypted_only_for_its_item() -> None:
    (seal,) = [s for s in statements("HostedSignInRole") if "kms:Encrypt" in s["Action"]]
    assert seal["Resource"] == {"Fn::GetAtt": ["HostedStateKey", "Arn"]}
    assert seal["Condition"] == {"StringLike": {"kms:EncryptionContext:item": ["hosted#*", "grant#*"]}}
    (sign,) = [s for s in statements("HostedSignInRole") if "kms:Sign" in s["Action"]]
    assert sign["Condition"] == {"StringEquals": {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}}
    assert [key["Fn::If"][1]["Fn::GetAtt"][0] for key in sign["Resource"]] == [
        "HostedSignKeyA",
        "HostedSignKeyB",
    ]


def uncounted() -> list[tuple[re.Pattern[str], bool]]:
    """Return the paths whose requests WAF does not count, each with whether the request must be signed."""
    rule = next(rule for rule in properties("StackWebAcl")["Rules"] if rule["Name"] == "RequestsPerAddress")
    _, counted = rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["AndStatement"]["Statements"]
    scope = counted["NotStatement"]["Statement"]
    unnamed, free = scope["AndStatement"]["Statements"]
    # Every call of the pool has this header, on any path.
    target = unnamed["NotStatement"]["Statement"]["SizeConstraintStatement"]
    assert target["FieldToMatch"] == {"SingleHeader": {"Name": "x-amz-target"}}
    assert (target["ComparisonOperator"], target["Size"]) == ("GT", 0)
    found = []
    for statement in free["OrStatement"]["Statements"]:
        parts = statement.get("AndStatement", {}).get("Statements", [statement])
        (paths,) = [part["RegexMatchStatement"] for part in parts if "RegexMatchStatement" in part]
        assert paths["FieldToMatch"] == {"UriPath": {}}
        found.append((re.compile(paths["RegexString"]), len(parts) == 2))
    return found


def test_waf_counts_users_but_not_back_ends() -> None:
    free = {path for _, path in OPERATIONS for regex, _ in uncounted() if regex.search(f"/v1{path}")}
    assert free == {
        "/token",
        "/userinfo",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
    }
    token_api = RESOURCES["TokenServiceApi"]["Properties"]["DefinitionBody"]["paths"]
    for path, item in token_api.items():
        signed = any(op.get("security") == [{"sigv4": []}] for op in item.values())
        matched = [must_sign for regex, must_sign in uncounted() if regex.search(f"/v1{path}")]
        assert matched == ([True] if signed else [False] if path.startswith("/.well-known") else []), path


def test_waf_samples_only_requests_over_the_limit_and_tracing_stores_none() -> None:
    acl = json.loads(json.dumps(properties("StackWebAcl")))
    kept = [each["VisibilityConfig"]["SampledRequestsEnabled"] for each in [acl, *acl["Rules"]]]
    assert kept == [False, True, True, False, False]
    protected = {
        name
        for each in acl["DataProtectionConfig"]["DataProtections"]
        for name in each["Field"].get("FieldKeys", [each["Field"]["FieldType"]])
    }
    # These parts of a request have tokens, signatures, cookies, and the address in a `login_hint`.
    assert protected == {"authorization", "cookie", "QUERY_STRING"}
    assert {each["Action"] for each in acl["DataProtectionConfig"]["DataProtections"]} == {"SUBSTITUTION"}
    # The URL of /authorize can contain an address, and a trace of API Gateway would record it.
    assert "TracingEnabled" not in API


def test_waf_blocks_or_only_counts_and_trusts_the_same_addresses_in_both_limits() -> None:
    acl = json.loads(json.dumps(properties("StackWebAcl")))
    limits, managed = acl["Rules"][:2], acl["Rules"][2:]
    assert TEMPLATE["Conditions"]["BlocksByWebAcl"] == {"Fn::Equals": [{"Ref": "WebAcl"}, "ON"]}
    actions = [rule["Action"]["Fn::If"] for rule in limits]
    assert actions == [["BlocksByWebAcl", {"Block": {}}, {"Count": {}}]] * 2
    overrides = [rule["OverrideAction"]["Fn::If"] for rule in managed]
    assert overrides == [["BlocksByWebAcl", {"None": {}}, {"Count": {}}]] * 2
    for rule in limits:
        scope = rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["AndStatement"]["Statements"]
        addresses = {"Fn::GetAtt": ["TrustedAddresses", "Arn"]}
        assert scope[0] == {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"Arn": addresses}}}}
    assert properties("TrustedAddresses")["Addresses"]["Fn::If"][0] == "HasTrustedAddresses"


def test_all_resources_of_the_hosted_sign_in_have_its_condition() -> None:
    assert TEMPLATE["Parameters"]["HostedSignInMode"]["Default"] == "OFF"
    hosted = {name: found for name, found in RESOURCES.items() if name.startswith("Hosted")}
    assert len(hosted) > 15
    conditions = {found["Condition"] for found in hosted.values()} - {"HasHostedSignIn"}
    assert conditions == {
        "HasSnapStartAndHostedSignIn",
        "HasWebAclAndHostedSignIn",
        "MakesHostedDomain",
        "MakesHostedKeyA",
        "MakesHostedKeyB",
        "MonitorsHostedSignIn",
    }
    for name in conditions:
        assert {"Condition": "HasHostedSignIn"} in TEMPLATE["Conditions"][name]["Fn::And"]
    outputs = {name: output for name, output in TEMPLATE["Outputs"].items() if name.startswith("Hosted")}
    assert all("Condition" in output for output in outputs.values())
