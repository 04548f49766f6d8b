"""Import of an OpenAPI description: models, validators, gateway responses and method settings."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

Spec = Mapping[str, Any]
Import = Callable[..., str]

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_VALIDATORS = "x-amazon-apigateway-request-validators"
_VALIDATOR = "x-amazon-apigateway-request-validator"
_GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


def patch() -> None:
    """API Gateway refuses requests by the models, validators, limits and responses of the description."""
    apigateway_v1._import_rest_api = _with_extensions(apigateway_v1._import_rest_api)
    provisioners._apigw_method_settings = _with_plain_paths(provisioners._apigw_method_settings)


def _with_extensions(import_api: Import) -> Import:
    def imported(spec: Spec, base: dict[str, Any] | None = None) -> str:
        api_id = import_api(spec, base)
        _models(api_id, spec)
        _validation(api_id, spec)
        _gateway_responses(api_id, spec)
        return api_id

    return imported


def _models(api_id: str, spec: Spec) -> None:
    """Each schema of the components is a model with that name."""
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        _checked_body(apigateway_v1._create_model(api_id, {"name": name, "schema": json.dumps(schema)}))


def _validation(api_id: str, spec: Spec) -> None:
    """A method uses the validator that it names, else the validator of the API."""
    validators = {
        name: json.loads(
            _checked_body(apigateway_v1._create_request_validator(api_id, {"name": name, **options}))
        )["id"]
        for name, options in spec.get(_VALIDATORS, {}).items()
    }
    for method, operation in _operations(api_id, spec):
        method["requestValidatorId"] = validators.get(operation.get(_VALIDATOR, spec.get(_VALIDATOR)))
        method["requestModels"] = {
            media: content["schema"]["$ref"].rpartition("/")[2]
            for media, content in operation.get("requestBody", {}).get("content", {}).items()
        }
        method["requestParameters"] = {
            f"method.request.{parameter['in']}.{parameter['name']}": bool(parameter.get("required"))
            for parameter in operation.get("parameters", [])
        }


def _operations(api_id: str, spec: Spec) -> Iterator[tuple[dict[str, Any], Spec]]:
    resources = {each["path"]: each for each in apigateway_v1._resources[api_id].values()}
    for path, item in spec["paths"].items():
        for method in item.keys() & set(_METHODS):
            yield resources[path]["resourceMethods"][method.upper()], item[method]


def _gateway_responses(api_id: str, spec: Spec) -> None:
    """Add the gateway responses of the API. CloudFormation refuses an unknown type."""
    for kind, response in spec.get(_GATEWAY_RESPONSES, {}).items():
        _checked_body(apigateway_v1._put_gateway_response(api_id, kind, response))


def _checked_body(response: tuple[int, Any, Any]) -> Any:
    status, _, body = response
    if status >= 400:
        raise ValueError(body.decode())
    return body


def _with_plain_paths(settings: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """In a method setting, ~1 stands for a slash of the path. The first slash is added."""

    def plain(raw: Any) -> Any:
        if isinstance(raw, list):
            raw = [each | {"ResourcePath": _plain(each.get("ResourcePath", "/*"))} for each in raw]
        return settings(raw)

    return plain


def _plain(path: str) -> str:
    return path.replace("/~1", "/", 1).replace("~1", "/")
