"""The commands on users. Each reads what was typed, calls one thing, and shows its outcome."""

from dataclasses import asdict

from tools.pool_admin.options import (
    Endpoint,
    For,
    Json,
    MaybeStack,
    Profile,
    Region,
    StackName,
    TableName,
    To,
    User,
    command,
)
from tools.pool_admin.people import people_of, send_test_of
from tools.pool_admin.report_users import show_standing, show_unlocked
from tools.pool_admin.subjects import Purpose


def status(
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Show what is counted of a user or an address: messages and wrong answers, never a code."""
    with command(as_json=as_json, profile=profile, region=region, endpoint_url=endpoint_url) as (view, aws):
        people = people_of(aws, stack, table)
        show_standing(view, people.standing(user, purpose), limits_known=people.limits_known)


def unlock(
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Forget the wrong answers and used-up messages of one purpose. A code that was used stays used."""
    with command(as_json=as_json, profile=profile, region=region, endpoint_url=endpoint_url) as (view, aws):
        subject, known = people_of(aws, stack, table).unlock(user, purpose)
        show_unlocked(view, subject, known=known)


def send_test(
    stack: StackName,
    to: To,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Send one message without a code, as the stack would, and say what the provider thinks of it."""
    with command(as_json=as_json, profile=profile, region=region, endpoint_url=endpoint_url) as (view, aws):
        taken = send_test_of(aws, stack, to)
        view.result(
            f"{taken.provider} took the message ({taken.message_id}). Look whether it arrives. It was sent "
            "with your rights, not with those of the function.",
            asdict(taken),
        )
