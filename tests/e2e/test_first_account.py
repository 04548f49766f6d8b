"""`python -m tools.first_account` on the local AWS: it runs to its end, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import in_folder
from tests.support.interrupt import run_and_interrupt
from tools.first_account.claim import ClaimResult
from tools.first_account.claims import CLAIMS
from tools.first_account.parts import FAILING, PARTS, PREFIX, Parts
from tools.local_stack import process, stack
from tools.local_stack.clients import client
from tools.local_stack.environment import ROOT
from tools.pool_admin.exit_codes import FAILED, HEALTHY

pytestmark = pytest.mark.e2e

YES, NO, NOT_TRIED = (each.value for each in ClaimResult)
SENDER = "no-reply@people.example"
# The local AWS follows AWS's documents. It has no lock, no AWS WAF before requests, and no custom senders.
EXPECTED = {
    "lock-after-wrong-passwords": NOT_TRIED,
    "code-only-while-locked": NOT_TRIED,
    "metadata-with-the-password": YES,
    "new-password-before-the-code": YES,
    "linked-users-and-custom-auth": YES,
    "disabled-users-cannot-sign-in": YES,
    "admin-call-for-an-unknown-user": YES,
    "user-name-of-an-unknown-user": YES,
    "spelling-of-an-unknown-user": YES,
    "letters-outside-ascii": YES,
    "form-of-username": NO,
    "acr-of-custom-auth": NOT_TRIED,
    "auth-time-after-a-rotation": NO,
    "rounds-of-a-session": YES,
    "trigger-before-its-function": YES,
    "client-type-is-described": NOT_TRIED,
    "authorities-of-endpoints": NOT_TRIED,
    "conditions-with-an-arn": YES,
    "missing-type-behind-a-condition": NOT_TRIED,
    "region-in-a-rule": YES,
    "client-of-a-failed-stack": YES,
    "alarm-on-a-query": NOT_TRIED,
    "provider-without-discovery": YES,
    "one-prefix-domain": YES,
    "nonce-to-the-provider": NOT_TRIED,
    "pkce-to-the-provider": NOT_TRIED,
    "max-age-to-the-provider": NOT_TRIED,
    "acr-values-to-the-provider": NOT_TRIED,
    "level-without-a-mapping": NOT_TRIED,
    "mapping-after-an-update": YES,
    "headers-of-gateway-responses": YES,
    "fresh-web-acl": NOT_TRIED,
    "path-under-waf": NOT_TRIED,
    "waf-gateway-response": NOT_TRIED,
    "admin-calls-under-waf": NOT_TRIED,
    "protected-samples": NOT_TRIED,
    "from-address-condition": YES,
    "tag-with-hyphens": YES,
    "event-of-a-bounce": YES,
    "address-of-a-changed-attribute": NOT_TRIED,
    "members-of-phone-messages": YES,
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local AWS without any stack."""
    with in_folder(str(tmp_path_factory.mktemp("first-account"))):
        try:
            yield process.start(process.free_port()).endpoint_url
        finally:
            stack.down()


def command(endpoint: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with no terminal and no answer."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.first_account", *arguments, "--endpoint-url", endpoint],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        input="",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def listed(endpoint: str) -> dict[str, list[str]]:
    """What exists in the account, by kind. A key that waits for its deletion counts as deleted."""
    kms, cognito = client(endpoint, "kms"), client(endpoint, "cognito-idp")
    keys = (kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"])
    stacks = client(endpoint, "cloudformation").describe_stacks()["Stacks"]
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    found = {
        "stacks": [each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"],
        "pools": [each["Name"] for each in pools],
        "functions": [
            each["FunctionName"] for each in client(endpoint, "lambda").list_functions()["Functions"]
        ],
        "roles": [each["RoleName"] for each in client(endpoint, "iam").list_roles()["Roles"]],
        "APIs": [each["name"] for each in client(endpoint, "apigateway").get_rest_apis()["items"]],
        "web ACLs": [
            each["Name"] for each in client(endpoint, "wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
        ],
        "log groups": [
            each["logGroupName"] for each in client(endpoint, "logs").describe_log_groups()["logGroups"]
        ],
        "queues": client(endpoint, "sqs").list_queues().get("QueueUrls", []),
        "topics": [each["TopicArn"] for each in client(endpoint, "sns").list_topics()["Topics"]],
        "configuration sets": client(endpoint, "sesv2").list_configuration_sets()["ConfigurationSets"],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"],
    }
    return {kind: names for kind, names in found.items() if names}


def listed_after_an_interrupt(endpoint: str) -> dict[str, list[str]]:
    """As `listed`, without the log of a trigger that still ran when its stack was deleted.

    On AWS there is no such log: the role of the triggers may not write one.
    """
    found = listed(endpoint)
    logs = [name for name in found.pop("log groups", []) if not name.endswith("-pool-triggers")]
    return found | ({"log groups": logs} if logs else {})


def test_it_runs_to_its_end_and_deletes_everything(endpoint: str) -> None:
    plan = json.loads(command(endpoint, "--json").stdout)
    assert (plan["applied"], plan["missing"]) == (False, {})
    assert listed(endpoint) == {}, "a plan creates nothing"

    client(endpoint, "sesv2").create_email_identity(EmailIdentity=SENDER)
    done = command(endpoint, "--json", "--yes", "--sender", SENDER)
    assert done.returncode == HEALTHY, done.stderr
    found = json.loads(done.stdout)
    assert {each["name"]: each["result"] for each in found["claims"]} == EXPECTED
    assert all(each["seen"].endswith(".") and each["change"].endswith(".") for each in found["claims"])
    assert (found["is_local"], found["problem"], found["left"]) == (True, "", [])
    assert [each["name"] for each in found["claims"]] == [claim.name for claim in CLAIMS]
    # Without this line, an empty list below would also mean that the run created nothing.
    assert done.stderr.count("Created the part") == len(PARTS)
    assert done.stderr.count("Deleted the stack") == len(PARTS) + len(FAILING)
    assert listed(endpoint) == {}


def has_a_stack(endpoint: str) -> bool:
    return bool(client(endpoint, "cloudformation").describe_stacks()["Stacks"])


def has_a_user(endpoint: str) -> bool:
    cognito = client(endpoint, "cognito-idp")
    pools = [pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]]
    return any(cognito.list_users(UserPoolId=pool)["Users"] for pool in pools)


@pytest.mark.parametrize("moment", [has_a_stack, has_a_user])
def test_ctrl_c_deletes_everything(endpoint: str, moment: Callable[[str], bool]) -> None:
    arguments = ("tools.first_account", "--json", "--yes", "--endpoint-url", endpoint)
    code, output = run_and_interrupt(arguments, lambda: moment(endpoint))
    assert code == FAILED
    assert "The run ended early. Interrupted." in output
    assert "Nothing is left in the account" in output
    assert listed_after_an_interrupt(endpoint) == {}


def test_the_stacks_of_a_killed_run_are_deleted_later(endpoint: str) -> None:
    cloudformation = client(endpoint, "cloudformation")
    settings = {
        "RightAnswer": "r" * 20,
        "Prefix": f"{PREFIX}-abc",
        "SenderEmail": "a@b.example",
        "IdentityArn": "arn:aws:ses:us-east-1:123456789012:identity/b.example",
        "NoArn": "",
        "Scopes": "openid email",
    }
    parts = Parts(cloudformation, "abc", settings, print, pause=0.1)
    parts.create()
    assert parts.failures == {}
    other = client(endpoint, "cognito-idp").create_user_pool(PoolName="users of years")["UserPool"]["Id"]
    try:
        assert command(endpoint, "--delete").returncode != HEALTHY, "it asks first"
        assert len(listed(endpoint)["stacks"]) == len(PARTS)
        done = command(endpoint, "--delete", "--yes")
        assert done.returncode == HEALTHY, done.stdout
        assert listed_after_an_interrupt(endpoint) == {"pools": ["users of years"]}
    finally:
        client(endpoint, "cognito-idp").delete_user_pool(UserPoolId=other)
