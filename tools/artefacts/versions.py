"""Names the build in the built template, so that Lambda publishes a new version when code or settings change.

A version of a function never changes, and SnapStart works with versions only. Lambda publishes a new one
only if the function has changed, and CloudFormation only if the properties of the version have. So both get
a digest of the artefacts, the template and the parameters, in place of the word `build`: in the
Description of each version, and in the variable SNAPSTART_VERSION of each function.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

VARIABLE = "SNAPSTART_VERSION"
# The template with the digest. It is beside the built one, because paths in a template are relative to it.
FILE = "versioned-template.json"

_PLACEHOLDER = re.compile(r"\bbuild\b")
_FUNCTION = "AWS::Serverless::Function"
_DIGITS = 16


def write_versioned_template(built: Path, parameters: Mapping[str, str]) -> Path:
    """Write the template of the folder `built` with the digest of the build, and return the file.

    `built` has a folder for each function, and template.yaml. `parameters` are all values of the stack.
    Without SnapStart there are no versions, and the digest would change functions that stay as they are.
    """
    template = load(str(built / "template.yaml"))
    has_versions = parameters.get("SnapStart") != "OFF"
    versioned = with_build(template, digest(built, template, parameters)) if has_versions else template
    file = built / FILE
    file.write_text(json.dumps(versioned), "utf-8")
    return file


def digest(built: Path, template: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
    """Return a digest of everything that a function of the template can depend on: 16 hexadecimal digits."""
    content = hashlib.sha256()
    for function in functions(template):
        folder = built / str(template["Resources"][function]["Properties"]["CodeUri"])
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            for part in (file.relative_to(built).as_posix().encode(), file.read_bytes()):
                content.update(len(part).to_bytes(8, "big") + part)
    content.update(json.dumps([template, dict(parameters)], sort_keys=True).encode())
    return content.hexdigest()[:_DIGITS]


def functions(template: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of the functions whose artefact is a folder of the build."""
    return sorted(
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == _FUNCTION and isinstance(resource["Properties"].get("CodeUri"), str)
    )


def with_build(template: Mapping[str, Any], build: str) -> dict[str, Any]:
    """Return the template with `build` in place of the word `build`, where a version depends on it."""
    copy: dict[str, Any] = json.loads(json.dumps(template))
    settings = [copy.get("Globals", {}).get("Function", {})]
    for resource in copy["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Version" and "Description" in properties:
            properties["Description"] = _named(properties["Description"], build)
        if resource["Type"] == _FUNCTION:
            settings.append(properties)
    for each in settings:
        variables = each.get("Environment", {}).get("Variables", {})
        if VARIABLE in variables:
            variables[VARIABLE] = _named(variables[VARIABLE], build)
    return copy


def _named(value: Any, build: str) -> Any:
    """Return a value with `build` in place of the word, also inside of functions such as Fn::If."""
    if isinstance(value, dict):
        return {name: _named(part, build) for name, part in value.items()}
    if isinstance(value, list):
        return [_named(part, build) for part in value]
    return _PLACEHOLDER.sub(build, value) if isinstance(value, str) else value
