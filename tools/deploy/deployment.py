"""The steps of a deployment, in their order."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
import typer
from botocore.exceptions import ProfileNotFound
from rich.console import Console

from tools.artefacts.versions import write_versioned_template
from tools.deploy import preflight
from tools.deploy.account import Deployed, DeploymentAccount
from tools.deploy.changes import ChangeSet, show_changes
from tools.deploy.checks import size_problems, stack_name_problem, stack_problems, value_problems
from tools.deploy.errors import DeployError
from tools.deploy.former import without_former
from tools.deploy.questions import Questions, ask_all, ask_parameters, require_terminal
from tools.deploy.result import show_result
from tools.deploy.sam import make_change_set
from tools.deploy.settings_file import SettingsFile, parse_set, read_settings, save_settings
from tools.deploy.template import Values, read_template

SUGGESTED_STACK = "passcode"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")


@dataclass(frozen=True)
class Options:
    """The options of the command.

    `settings` are the parameters of SET, and `root` is the folder of the project.
    """

    root: Path
    stack: str
    region: str
    settings: str
    asks_all: bool
    is_confirmed: bool
    checks_rights: bool
    build: str
    built: Path
    sam: Path
    config: Path


class Deployment:
    """One deployment. `run` does its steps, and raises `DeployError` at the first one that cannot be done."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._questions = Questions(console)
        self._template = read_template(options.root / "template.yaml")

    def run(self) -> bool:
        """Ask, check, show the changes, and deploy. Return whether the user agreed to the changes."""
        settings, given = self._read()
        stack, region = self._stack_and_region(settings, given)
        _raise_all(size_problems(self._template, given, stack, region))
        account = DeploymentAccount(region, settings.option("profile"))
        caller = account.caller()
        deployed = account.deployed(stack)
        values = self._values({**self._kept(deployed), **given})
        parameters = {**self._template.defaults, **values}
        self._check(parameters, stack, region)
        self._check_account(account, caller, parameters, settings, stack, is_new=deployed is None)
        saved = SettingsFile(
            settings.path,
            self._to_save(settings, values),
            {
                **settings.options,
                "stack_name": stack,
                "region": region,
                "s3_prefix": _prefix(settings, stack),
            },
        )
        if deployed is None:
            # The answers of a first deployment are kept also if the user wants to read more before it.
            save_settings(saved, self._options.root / "samconfig.toml")
        self._console.print(f"\nAccount {caller[0]}, region {region}, stack {stack}.")
        if not self._deploy(account, saved, parameters, stack, is_new=deployed is None):
            return False
        show_result(self._console, account.outputs(stack), stack, region, account.profile)
        return True

    @staticmethod
    def deployed_outputs(config: Path) -> tuple[str, dict[str, str]]:
        """Return the region and the outputs of the stack in the file `config`. Raises `DeployError`."""
        settings = read_settings(config)
        stack, region = settings.option("stack_name"), settings.option("region")
        outputs: dict[str, str] = {}
        if stack and region:
            outputs = DeploymentAccount(region, settings.option("profile")).outputs(stack)
        if not outputs:
            raise DeployError(f"{config.name} names no deployed stack. Run `make deploy` first.")
        return region, outputs

    def _read(self) -> tuple[SettingsFile, dict[str, str]]:
        """Return the file of answers, and the parameters in it and in SET. Checks each of them."""
        settings = read_settings(self._options.config)
        filed, dropped = without_former(self._template, settings.parameters)
        if dropped:
            self._note(
                f"{settings.path.name} sets {', '.join(dropped)}, which this release does not have. Left out."
            )
        given = {**filed, **parse_set(self._options.settings)}
        _raise_all(value_problems(self._template, given))
        return SettingsFile(settings.path, filed, settings.options), given

    def _kept(self, deployed: Deployed | None) -> dict[str, str]:
        """Return the parameters of the deployed stack that this release has."""
        kept, _ = without_former(self._template, deployed.parameters if deployed else {})
        return {name: value for name, value in kept.items() if name in self._template.parameters}

    def _stack_and_region(self, settings: SettingsFile, given: Mapping[str, str]) -> tuple[str, str]:
        """Return the name of the stack and the region, from the options, the file or answers."""
        stack = self._same("stack", self._options.stack, settings.option("stack_name"), settings)
        region = self._same("region", self._options.region, settings.option("region"), settings)
        suggested = configured_region(settings.option("profile"))
        if not self._questions.has_terminal:
            region = region or suggested
        missing = {} if stack else {"the name of the stack": f"STACK={SUGGESTED_STACK}"}
        missing |= {} if region else {"the region": "REGION=eu-central-1"}
        # A stack that exists may have the parameters.
        self._require_terminal(missing | (self._unanswered(given) if missing else {}))
        if not stack:
            stack = self._questions.ask("Name of the stack", self._name_problem, SUGGESTED_STACK)
        region = region or self._questions.ask("Region", region_problem, suggested or None)
        _raise_all([self._name_problem(stack), region_problem(region)])
        return stack, region

    def _name_problem(self, name: str) -> str | None:
        return stack_name_problem(self._template, name)

    @staticmethod
    def _same(what: str, option: str, filed: str, settings: SettingsFile) -> str:
        if option and filed and option != filed:
            raise DeployError(
                f"{settings.path.name} has the settings of the {what} {filed}. Keep those of the {what} "
                f"{option} in another file: make deploy MINE=FILE"
            )
        return option or filed

    def _values(self, known: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters with an answer for each one that has to be asked for."""
        self._require_terminal(self._unanswered(known))
        if self._options.asks_all and self._questions.has_terminal:
            return {**known, **ask_all(self._questions, self._console, self._template, known)}
        return {**known, **ask_parameters(self._questions, self._template, known)}

    def _unanswered(self, known: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters that need an answer, as one text, and how to give it."""
        names = [name for name in self._template.required if not known.get(name)]
        settings = " ".join(f"{name}=..." for name in names)
        return {", ".join(names): f'SET="{settings}"'} if names else {}

    def _require_terminal(self, missing: Mapping[str, str]) -> None:
        require_terminal(self._questions, missing, is_confirmed=self._options.is_confirmed)

    def _check(self, parameters: Mapping[str, str], stack: str, region: str) -> None:
        _raise_all(value_problems(self._template, parameters))
        _raise_all(stack_problems(self._template, parameters, stack, region))

    def _check_account(
        self,
        account: DeploymentAccount,
        caller: tuple[str, str],
        parameters: Mapping[str, str],
        settings: SettingsFile,
        stack: str,
        *,
        is_new: bool,
    ) -> None:
        resources = Values(self._template, parameters, stack, account.region).resources()
        types = preflight.created_types(resources)
        found = [preflight.check_types(account, types), preflight.check_sender(account, parameters)]
        if is_new and self._options.checks_rights:
            found.append(preflight.check_rights(account, caller, settings.option("role_arn"), stack, types))
        for note in (note for each in found for note in each.notes):
            self._note(note)
        _raise_all([problem for each in found for problem in each.problems])

    def _to_save(self, settings: SettingsFile, values: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters for the file: those that it has, and those that differ from the template."""
        defaults = self._template.defaults
        return {
            name: value
            for name, value in values.items()
            if name in settings.parameters or value != defaults.get(name)
        }

    def _deploy(
        self,
        account: DeploymentAccount,
        settings: SettingsFile,
        parameters: Mapping[str, str],
        stack: str,
        *,
        is_new: bool,
    ) -> bool:
        """Build, show the changes and make them. Return False if the user declines."""
        self._build()
        template = write_versioned_template(self._options.built, parameters)
        if account.endpoint_url:
            self._note(f"AWS_ENDPOINT_URL is set, so this deploys to {account.endpoint_url} instead of AWS.")
        with self._console.status("Uploading the functions and comparing the template with the stack ..."):
            arn = make_change_set(self._options.sam, template, settings, parameters, stack, account.region)
        if arn is None:
            self._console.print(f"There is nothing to change. The stack {stack} is up to date.\n")
            return True
        change_set = ChangeSet(account, stack, arn, is_new=is_new)
        changes = change_set.changes()
        show_changes(self._console, changes, is_new=is_new)
        if not self._is_agreed():
            change_set.discard()
            self._console.print("Nothing was changed.")
            return False
        save_settings(settings, self._options.root / "samconfig.toml")
        change_set.execute(self._console, len(changes))
        self._console.print(f"The stack {stack} is deployed.\n", style="green")
        return True

    def _is_agreed(self) -> bool:
        if self._options.is_confirmed:
            return True
        try:
            return self._questions.confirm("\nDeploy these changes?")
        except typer.Abort:
            # Ctrl-C, or the end of the input.
            return False

    def _build(self) -> None:
        if not self._options.build:
            return
        self._console.print("Building the functions. This takes about a minute ...")
        done = subprocess.run(self._options.build, shell=True, cwd=self._options.root, check=False)  # noqa: S602
        if done.returncode:
            raise DeployError("The functions could not be built. The reason is above. Nothing was changed.")

    def _note(self, sentence: str) -> None:
        self._console.print(f"Note: {sentence}", style="yellow", markup=False, soft_wrap=True)


def region_problem(region: str) -> str | None:
    """Return what is wrong with the name of a region, or None."""
    if _REGION.fullmatch(region):
        return None
    return f"{region or 'An empty name'} is not a region. A region is written like eu-central-1."


def configured_region(profile: str) -> str:
    """Return the region that the environment or the AWS profile sets; empty without one."""
    if region := os.environ.get("AWS_REGION"):
        return region
    try:
        return boto3.Session(profile_name=profile or None).region_name or ""
    except ProfileNotFound:
        return ""


def _prefix(settings: SettingsFile, stack: str) -> str:
    """Return the folder of the artefacts in the bucket. `sam delete` deletes this folder."""
    return settings.option("s3_prefix") or stack


def _raise_all(problems: list[str | None] | list[str]) -> None:
    """Raise `DeployError` with all problems, one a line, if there are any."""
    if found := [problem for problem in problems if problem]:
        raise DeployError("\n".join(found))
