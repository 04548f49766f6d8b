"""The API of template.yaml: the same as the function's OpenAPI document, and without logs of bodies."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from passcode.confirmation.problems import MEDIA_TYPE, all_kinds
from tests.support.openapi_checks import api_description
from tests.support.template import RESOURCES, TEMPLATE

# The linter's strings know their line. JSON turns them into plain strings.
API: dict[str, Any] = json.loads(json.dumps(RESOURCES["TokenServiceApi"]["Properties"]))
BODY: dict[str, Any] = API["DefinitionBody"]
MODELS: dict[str, Any] = BODY["components"]["schemas"]
RESPONSES: dict[str, Any] = BODY["x-amazon-apigateway-gateway-responses"]
SCHEMES = {"sigv4": "sigv4", "user": "id_token"}
DESCRIPTION = ("/openapi.json", "get")
ALL_OPERATIONS = {
    (path, method): operation for path, item in BODY["paths"].items() for method, operation in item.items()
}


def test_the_template_has_exactly_the_endpoints_of_the_function() -> None:
    documented_paths = api_description().whole["paths"]
    wanted = {(path, method) for path, item in documented_paths.items() for method in item} | {DESCRIPTION}
    assert set(ALL_OPERATIONS) == wanted
    assert "options" not in {method for _, method in ALL_OPERATIONS}
    assert "Cors" not in API
    assert "Access-Control" not in json.dumps(BODY)


@pytest.mark.parametrize(("path", "method"), sorted(set(ALL_OPERATIONS) - {DESCRIPTION}))
def test_an_endpoint_has_the_security_and_the_body_of_the_description(path: str, method: str) -> None:
    in_template, in_description = ALL_OPERATIONS[path, method], api_description().whole["paths"][path][method]
    assert [
        {SCHEMES[name]: scopes} for one in in_template.get("security", []) for name, scopes in one.items()
    ] == (in_description["security"])
    assert [p["name"].lower() for p in in_template.get("parameters", [])] == (
        [p["name"].lower() for p in in_description.get("parameters", [])]
    )
    shapes = [
        o["requestBody"]["content"]["application/json"]["schema"]
        for o in (in_template, in_description)
        if "requestBody" in o
    ]
    assert shapes == [] or shapes[0] == shapes[1]


def test_every_endpoint_calls_the_function() -> None:
    for operation in ALL_OPERATIONS.values():
        integration = operation["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert integration["uri"]["Fn::Sub"].endswith(":function:${!stageVariables.function}/invocations")
    name, alias = API["Variables"]["function"]["Fn::Sub"]
    assert name == "${AWS::StackName}-token-api${Live}"
    assert alias == {"Live": {"Fn::If": ["HasSnapStart", ":live", ""]}}


def test_the_definition_depends_only_on_the_condition_of_the_pool() -> None:
    # SAM would not deploy the API again when another condition changes.
    conditions = re.findall(r'"Fn::If": \["(\w+)"', json.dumps(BODY))
    assert conditions == ["MakesPool"]


@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_accepts_every_body_that_the_function_accepts(name: str) -> None:
    in_template, in_description = MODELS[name], api_description().whole["components"]["schemas"][name]
    assert in_template["additionalProperties"] is in_description["additionalProperties"] is False
    assert in_template["properties"].keys() == in_description["properties"].keys()
    assert in_template.get("required", []) == in_description.get("required", [])
    valid = jsonschema_rs.Draft4Validator(in_template).is_valid
    full = {field: "x" * of["maxLength"] for field, of in in_template["properties"].items()}
    assert valid(full)
    assert not valid(full | {"more": ""})
    for field, shape in in_description["properties"].items():
        forms = shape.get("anyOf", [shape])
        assert valid(full | {field: None}) == ({"type": "null"} in forms), field
        longest = next((form["maxLength"] for form in forms if "maxLength" in form), None)
        assert in_template["properties"][field]["maxLength"] == (
            longest or in_template["properties"][field]["maxLength"]
        )
        assert not valid(full | {field: full[field] + "x"}), field


@pytest.mark.parametrize("kind", list(RESPONSES))
def test_an_error_of_the_gateway_is_a_problem_document_like_the_functions(kind: str) -> None:
    response = RESPONSES[kind]
    headers, templates = response["responseParameters"], response["responseTemplates"]
    assert headers["gatewayresponse.header.Content-Type"] == f"'{MEDIA_TYPE}'"
    # Without the signs of a Velocity template, nothing of a request is repeated.
    assert not set("$#") & set(templates["application/json"])
    problem = json.loads(templates["application/json"])
    assert str(problem["status"]) == response["statusCode"]
    assert problem["detail"][0].isupper()
    assert problem["detail"].endswith(".")
    wait = headers.get("gatewayresponse.header.Retry-After")
    assert wait == (f"'{problem['retry_after']}'" if "retry_after" in problem else None)
    urn, _, name = problem["type"].rpartition(":")
    assert urn == "urn:cognito-passcode:problem"
    known = {each.name: (each.title, each.status) for each in all_kinds()}
    reasons = {each.name: each.reason for each in all_kinds()}
    assert problem.get("reason", "") == reasons.get(name, "")
    assert known.get(name, (problem["title"], problem["status"])) == (problem["title"], problem["status"])
    assert name in known or name in ("not-authorised", "throttled")


def test_the_template_defines_the_gateways_errors() -> None:
    # DEFAULT_4XX and DEFAULT_5XX cover the other errors.
    wanted = {"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "REQUEST_TOO_LARGE", "UNAUTHORIZED"}
    wanted |= {"ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN"}
    assert wanted | {"THROTTLED", "WAF_FILTERED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(RESPONSES)


def test_every_method_has_a_limit_and_no_body_is_logged() -> None:
    limits = {
        (each["ResourcePath"].replace("/~1", "/", 1).replace("~1", "/"), each["HttpMethod"].lower()): each
        for each in API["MethodSettings"]
    }
    assert set(limits) == set(ALL_OPERATIONS)
    for (_, method), limit in limits.items():
        rate = limit["ThrottlingRateLimit"]
        assert rate == {"Ref": "RequestsPerSecond"} if method == "post" else 1 <= rate <= 50
        assert limit["ThrottlingBurstLimit"]
        assert not {"LoggingLevel", "DataTraceEnabled"} & set(limit)
    assert "AccessLogSetting" not in API


def test_a_proof_is_valid_for_five_minutes_by_default_and_ten_at_most() -> None:
    # A verifier that uses only the key set accepts a proof until it expires.
    life = TEMPLATE["Parameters"]["ProofLifeSeconds"]
    assert (life["Default"], life["MaxValue"]) == (300, 600)
    variable = RESOURCES["TokenApi"]["Properties"]["Environment"]["Variables"]["PROOF_LIFE_SECONDS"]
    assert variable == {"Ref": "ProofLifeSeconds"}


def test_all_resources_of_the_token_service_have_its_condition() -> None:
    conditions = {"HasTokenService", "HasSnapStartAndTokenService", "HasWebAclAndTokenService"}
    conditions |= {"MakesProofKeyA", "MakesProofKeyB", "MonitorsTokenService"}
    own_resources = {name: found for name, found in RESOURCES.items() if name.startswith(("Token", "Proof"))}
    assert len(own_resources) > 10
    assert {found["Condition"] for found in own_resources.values()} == conditions
    for name in conditions - {"HasTokenService"}:
        assert {"Condition": "HasTokenService"} in TEMPLATE["Conditions"][name]["Fn::And"]
    outputs = {name: o for name, o in TEMPLATE["Outputs"].items() if name.startswith(("Token", "StepUp"))}
    assert {output["Condition"] for output in outputs.values()} == {"HasTokenService"}
    assert {"TokenCreationAPIURL", "TokenVerificationAPIURL"} <= set(outputs)


@pytest.mark.parametrize(
    ("choice", "keys"),
    [("A", ["A"]), ("A_THEN_B", ["A", "B"]), ("B_THEN_A", ["B", "A"]), ("B", ["B"])],
)
def test_the_first_listed_key_signs(choice: str, keys: list[str]) -> None:
    def holds(condition: Any) -> bool:
        if "Condition" in condition:
            return holds(TEMPLATE["Conditions"][condition["Condition"]])
        ((operator, parts),) = condition.items()
        if operator == "Fn::Equals":
            value = {"ProofKeys": choice, "TokenService": "ON"}[parts[0]["Ref"]]
            return bool(value == parts[1])
        results = [holds(part) for part in parts]
        return {"Fn::And": all(results), "Fn::Or": any(results), "Fn::Not": not results[0]}[operator]

    def resolved(value: Any) -> list[str]:
        if "Fn::If" in value:
            name, then, otherwise = value["Fn::If"]
            return resolved(then if holds({"Condition": name}) else otherwise)
        if "Fn::Join" in value:
            return [key for each in value["Fn::Join"][1] for key in resolved(each)]
        return [value["Fn::GetAtt"][0]]

    variable = RESOURCES["TokenApi"]["Properties"]["Environment"]["Variables"]["PROOF_KEY_IDS"]
    assert resolved(variable) == [f"ProofKey{key}" for key in keys]
    for key in "AB":
        assert holds({"Condition": RESOURCES[f"ProofKey{key}"]["Condition"]}) == (key in keys)
