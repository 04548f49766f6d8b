"""The commands on users. Each reads what was typed, calls one thing, and shows its outcome."""

from dataclasses import asdict

from tools.pool_admin.aws import Aws
from tools.pool_admin.options import (
    For,
    MaybeStack,
    StackName,
    TableName,
    To,
    User,
    command,
)
from tools.pool_admin.people import people_of, send_test_of
from tools.pool_admin.report_users import show_standing, show_unlocked
from tools.pool_admin.subjects import Purpose
from tools.pool_admin.view import View


@command
def status(
    view: View,
    aws: Aws,
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
) -> None:
    """Show what is counted of a user or an address: messages and wrong answers, never a code."""
    people = people_of(aws, stack, table)
    show_standing(view, people.standing(user, purpose), limits_known=people.limits_known)


@command
def unlock(
    view: View,
    aws: Aws,
    user: User,
    purpose: For = Purpose.SIGN_IN,
    stack: MaybeStack = None,
    table: TableName = None,
) -> None:
    """Forget the wrong answers and used-up messages of one purpose. A code that was used stays used."""
    subject, known = people_of(aws, stack, table).unlock(user, purpose)
    show_unlocked(view, subject, known=known)


@command
def send_test(view: View, aws: Aws, stack: StackName, to: To) -> None:
    """Send one message without a code, as the stack would, and say what the provider thinks of it."""
    taken = send_test_of(aws, stack, to)
    view.result(
        f"{taken.provider} took the message ({taken.message_id}). Look whether it arrives. It was sent "
        "with your rights, not with those of the function.",
        asdict(taken),
    )
