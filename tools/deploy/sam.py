"""AWS SAM: uploads the artefacts and makes the change set. It executes nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.deploy.errors import DeployError
from tools.deploy.settings_file import SettingsFile

_PARAMETERS_FILE = "parameters.yaml"


def make_change_set(
    sam: Path,
    template: Path,
    settings: SettingsFile,
    parameters: Mapping[str, str],
    stack: str,
    region: str,
) -> str | None:
    """Upload the artefacts of `template`, and return the ARN of a change set, or None if nothing changes.

    Other options in `settings`, such as a bucket, tags or a role, are options of `sam`. Raises `DeployError`.
    """
    # In a file, because sam reads quotes and backslashes of its command line differently. JSON is also YAML.
    given = template.with_name(_PARAMETERS_FILE)
    given.write_text(json.dumps(dict(parameters)), "utf-8")
    command = [
        *(str(sam), "deploy", "--template-file", str(template), "--output", "json"),
        *("--stack-name", stack, "--region", region),
        *("--parameter-overrides", f"file://{given.absolute()}"),
        *("--no-execute-changeset", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *_options(settings, stack),
    ]
    # SAM sends no usage data, and writes nothing into the home directory.
    quiet = {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(sam.absolute().parents[1] / "home")}
    done = subprocess.run(
        command,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    results = [each for each in _documents(done.stdout) if each.get("type") == "result"]
    result = results[-1] if results else {}
    if done.returncode or not result:
        raise DeployError(f"AWS SAM could not prepare the deployment: {_reason(result, done.stderr)}")
    return result.get("changeset_id")


def _options(settings: SettingsFile, stack: str) -> Iterator[str]:
    """Yield the options that can also be in the file. The file may not exist yet."""
    if settings.exists:
        yield from ("--config-file", str(settings.path.absolute()))
    yield from ("--s3-prefix", settings.option("s3_prefix") or stack)
    if not settings.option("s3_bucket"):
        yield "--resolve-s3"
    if not settings.option("capabilities"):
        yield from ("--capabilities", "CAPABILITY_IAM")


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON documents among the lines of the output."""
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def _reason(result: Mapping[str, Any], log: str) -> str:
    """Return the reason of a failure: the message of the result, or the end of the log."""
    message = str(result.get("error", {}).get("message", ""))
    reason = " ".join((message or "\n".join(log.strip().splitlines()[-3:])).split())
    return f"{reason.rstrip('.') or 'it gave no reason'}. Nothing was changed."
