"""Checks of the user pool: its triggers, and settings that conflict with the code."""

from collections.abc import Callable, Iterator

from tools.pool_admin.aws_resources.functions import split_arn
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.stack import CLAIMS, TRIGGERS
from tools.pool_admin.doctor.clients import clients_that_migrate
from tools.pool_admin.doctor.facts import Facts
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.doctor.managed_login import offers_password_page

POOL = "user pool"


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the pool's settings."""
    for rule in _RULES:
        yield from rule(facts)


def _mfa(facts: Facts) -> Iterator[Finding]:
    setting = facts.pool.get("MfaConfiguration") or "OFF"
    if setting != "OFF":
        yield Finding.of(
            Severity.ERROR,
            POOL,
            f"Cognito's MFA is {setting}.",
            "Users of Cognito's MFA reportedly got tokens without the code.",
            facts.aws(
                f"cognito-idp set-user-pool-mfa-config --mfa-configuration OFF --user-pool-id {facts.pool_id}"
            ),
        )


def _devices(facts: Facts) -> Iterator[Finding]:
    if facts.pool.get("DeviceConfiguration"):
        yield Finding.of(
            Severity.WARNING,
            POOL,
            "Cognito remembers devices.",
            "It then adds challenges to a sign-in, and refuses to refresh tokens of unconfirmed devices.",
            "In the console: Sign-in > Device tracking > Don't remember.",
        )


def _triggers(facts: Facts) -> Iterator[Finding]:
    current = facts.pool.get("LambdaConfig") or {}
    wanted = facts.stack.deployed.triggers if facts.stack else dict.fromkeys(TRIGGERS, "")
    for name, arn in wanted.items():
        called = current.get(name)
        if not called:
            yield Finding.of(
                Severity.ERROR,
                f"trigger {name}",
                "The pool lacks triggers.",
                "No custom sign-in works without all three.",
                facts.attach(),
            )
        elif arn and called != arn:
            yield _other(facts, name, called, arn)


def _other(facts: Facts, name: str, called: str, arn: str) -> Finding:
    another_alias = split_arn(called)[0] == split_arn(arn)[0]
    return Finding.of(
        Severity.WARNING if another_alias else Severity.ERROR,
        f"trigger {name} (calls {called}, not {arn})",
        "The pool calls another version or alias of the stack's functions."
        if another_alias
        else "The pool calls functions that are not this stack's.",
        "A deployment then changes the function while users are signing in."
        if another_alias
        else "The three triggers must be from one stack, because they check each other's data.",
        facts.attach("--replace"),
    )


def _claims(facts: Facts) -> Iterator[Finding]:
    if not (facts.stack and facts.stack.deployed.claims_version):
        return
    current = facts.pool.get("LambdaConfig") or {}
    called = (current.get(f"{CLAIMS}Config") or {}).get("LambdaArn") or current.get(CLAIMS)
    if called != facts.stack.deployed.functions[CLAIMS]:
        yield Finding.of(
            Severity.WARNING,
            POOL,
            f"The trigger {CLAIMS} is not the stack's function for claims.",
            "Tokens have no assurance claims, though the parameter AssuranceClaims asks for them.",
            facts.attach(),
        )


def _migration(facts: Facts) -> Iterator[Finding]:
    # An app client that could not be read may still run the trigger.
    if not (facts.pool.get("LambdaConfig") or {}).get("UserMigration") or facts.unread_clients:
        return
    has_page = facts.has_domain and any(map(offers_password_page, facts.clients))
    if not clients_that_migrate(facts.clients) and not has_page:
        yield Finding.of(
            Severity.WARNING,
            "trigger UserMigration",
            "Users can no longer migrate when they sign in.",
            "Cognito runs this trigger only if it receives the password (USER_PASSWORD_AUTH, "
            "ADMIN_USER_PASSWORD_AUTH or its own page), and no app client allows that.",
            "Import the missing users from a CSV file, or let them reset their password, which still runs "
            "the trigger. Then remove the trigger.",
        )


def _attribute(facts: Facts) -> Iterator[Finding]:
    if all(attribute["Name"] != ATTRIBUTE for attribute in facts.pool.get("SchemaAttributes") or []):
        yield Finding.of(
            Severity.NOTE,
            POOL,
            f"The attribute {ATTRIBUTE} is missing.",
            "Users cannot choose a channel; the stack's ChannelOrder decides for all of them.",
            facts.aws(
                f"cognito-idp add-custom-attributes --user-pool-id {facts.pool_id} --custom-attributes "
                "Name=otp_channel,AttributeDataType=String,Mutable=true"
            ),
        )


def _verification(facts: Facts) -> Iterator[Finding]:
    if not facts.pool.get("AutoVerifiedAttributes"):
        yield Finding.of(
            Severity.WARNING,
            POOL,
            "Cognito verifies neither email addresses nor phone numbers.",
            "Codes go only to verified addresses, so a user who signs up cannot get a code.",
            "In the console: Sign-up > Attribute verification > let Cognito verify the email address.",
        )
        return
    kept = (facts.pool.get("UserAttributeUpdateSettings") or {}).get(
        "AttributesRequireVerificationBeforeUpdate"
    )
    if "email" in facts.pool["AutoVerifiedAttributes"] and "email" not in (kept or []):
        yield Finding.of(
            Severity.NOTE,
            POOL,
            "A new email address replaces the old one before it is verified.",
            "A user who mistypes the new address cannot get codes.",
            "In the console: Sign-up > Attribute verification > keep the original value until then.",
        )


def _recovery(facts: Facts) -> Iterator[Finding]:
    mechanisms = (facts.pool.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    if any(each["Name"] == "verified_email" for each in mechanisms) or not mechanisms:
        yield Finding.of(
            Severity.NOTE,
            POOL,
            "Users reset their password by email.",
            "A thief of the mailbox gets the codes and a new password: two factors become one.",
            "If that matters, send codes by SMS only (ChannelOrder), or let only admins reset passwords.",
        )


_RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _mfa,
    _devices,
    _triggers,
    _claims,
    _migration,
    _attribute,
    _verification,
    _recovery,
)
