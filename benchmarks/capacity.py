"""Compute the capacity and the bill of a stack from the sign-ins a second.

    python -m benchmarks.capacity                    write docs/capacity.md and its charts
    python -m benchmarks.capacity RATE [--sign-in KIND] [--json]
                                                     print the limits to raise for a rate, and its bill

A limit is a quota of AWS or a limit of the stack. The limits of the stack come from template.yaml and the
code. The quotas are the lowest that AWS documents for any Region, on the pages that docs/capacity.md names.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

from passcode.delivery.sms_limits import DayShare, SmsLimits
from tools.artefacts.cost import (
    COLD,
    COLD_SECONDS,
    MONTH_SECONDS,
    POLLING,
    SECONDS,
    SIGN_INS_PER_USER,
    cold_gb_seconds,
    memory_gb,
    warm_gb_seconds,
)
from tools.artefacts.prices import cognito_users, each

DAY_SECONDS = 86_400
# An assumption: a day has a quarter of the sign-ins that its busiest seconds would give.
AVERAGE_OF_PEAK = 0.25
# Assumptions: the seconds until the answer to an SMS, and the share of SMS without an answer on their day.
ANSWER_SECONDS, UNANSWERED = 30, 0.01
# A hosted sign-in: all seconds of its function, the writes and KMS calls that its pages and tokens add
# (docs/cost.md has about ten), the operations with its RSA key (two signatures, and one check), the reads of
# its user (for the tokens and for /userinfo), and the requests by method and path. Cognito reads the keys at
# each sign-in. Assets are loaded once a month.
HOSTED_SECONDS, HOSTED_WRITES, HOSTED_KMS, HOSTED_RSA, HOSTED_USER_READS = 1.0, 5, 5, 3, 2
HOSTED_REQUESTS = {
    "GET /authorize": 1,
    "GET /sign-in": 3,
    "POST /sign-in": 3,
    "POST /token": 1,
    "GET /userinfo": 1,
    "GET /.well-known/jwks.json": 1,
    "GET /assets/{name}": 4 / SIGN_INS_PER_USER,
}
# A container of `deliver` writes its count after this number of emails (passcode.delivery.email_limits).
EMAILS_PER_COUNT = 25
LOG_GB = 0.000_005
# The write units a second that DynamoDB accepts for one item.
ITEM_WRITES = 1_000
ITEM_UNIT_BYTES = 1_024

_COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_MAPPING = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"
_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
_WARM = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html"
_HOT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
_GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html"
_SES = "https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html"
_SNS = "https://docs.aws.amazon.com/general/latest/gr/sns.html"
_PARAMETERS = "parameters.md"

ASK_AWS = "ask AWS"
# Cognito sells a higher rate of these two.
USER_AUTHENTICATION = "Cognito, UserAuthentication: requests a second"
USER_FEDERATION = "Cognito, UserFederation: requests a second"


@dataclass(frozen=True)
class SignInFlow:
    """A kind of sign-in. `channel` is that of its code.

    `is_new_number` is true for SMS to numbers whose first answer is less than a week old.
    """

    name: str
    has_password: bool = True
    channel: str = "email"
    is_hosted: bool = False
    is_new_number: bool = False

    @property
    def by_sms(self) -> bool:
        """True if the code goes by SMS."""
        return self.channel == "sms"

    @property
    def defines(self) -> int:
        """The invocations of `define`: one before each step and one at the end."""
        return 3 if self.has_password else 2

    @property
    def responses(self) -> int:
        """The calls of RespondToAuthChallenge."""
        return 2 if self.has_password else 1

    @property
    def invocations(self) -> int:
        """The invocations of all functions but `delivery_events`."""
        return self.defines + 3 + (ceil(sum(HOSTED_REQUESTS.values())) if self.is_hosted else 0)

    @property
    def day_writes(self) -> int:
        """The writes of the item `sms_day#<date>`: before an SMS, and after the answer of a new number."""
        return (2 if self.is_new_number else 1) if self.by_sms else 0

    @property
    def writes(self) -> float:
        """The writes of DynamoDB: the record twice, and the counters."""
        # By SMS: the item of the number before the SMS and after the answer.
        hosted = HOSTED_WRITES if self.is_hosted else 0
        return hosted + 2 + (2 + self.day_writes if self.by_sms else 1 / EMAILS_PER_COUNT)

    @property
    def concurrency(self) -> float:
        """The concurrency of Lambda that one sign-in a second takes."""
        warm = self.defines * SECONDS["define"] + sum(
            SECONDS[name] for name in ("create", "verify", "deliver")
        )
        warm += HOSTED_SECONDS if self.is_hosted else 0
        return warm + 3 * COLD * COLD_SECONDS + (0 if self.by_sms else SECONDS["events"] / 10)


EMAIL = SignInFlow("password, then a code by email")
CODE_ONLY = SignInFlow("a code by email instead of a password", has_password=False)
HOSTED = SignInFlow("hosted sign-in, with a code by email", is_hosted=True)
SMS = SignInFlow("password, then a code by SMS to an established number", channel="sms")
NEW_SMS = SignInFlow("password, then a code by SMS to a new number", channel="sms", is_new_number=True)
FLOWS = (EMAIL, CODE_ONLY, HOSTED, SMS, NEW_SMS)
# The names of the kinds of sign-in on the command line.
KINDS = dict(zip(("email", "code-only", "hosted", "sms", "new-sms"), FLOWS, strict=True))


@dataclass(frozen=True)
class StackLimits:
    """The limits of a stack, as template.yaml sets them. `most` has the highest value of each cap.

    `concurrencies` are the values of DeliverConcurrency, the highest last.
    `memory_gb` is the memory of each function.
    """

    concurrencies: Sequence[int]
    deliver_concurrency: int
    queues_in_use: int
    events_concurrency: int
    events_batch: int
    fifo_per_second: int
    emails_per_day: int
    sms_per_day: int
    sms_per_country: int
    sms_unanswered: int
    sms_countries: int
    most: Mapping[str, int]
    hosted: Mapping[str, "Throttle"]
    memory_gb: Mapping[str, float]

    @classmethod
    def read(cls, template: Mapping[str, Any], **parameters: int) -> "StackLimits":
        """Return the limits with the defaults of the template. `parameters` replaces some of the defaults."""
        described = template["Parameters"]
        value = {name: str(one.get("Default", "")) for name, one in described.items()}
        value |= {name: str(number) for name, number in parameters.items()}
        capped = ("EmailsPerDay", "SmsPerDay", "SmsPerCountryPerDay", "SmsUnansweredPerCountry")
        most = {name: int(described[name]["MaxValue"]) for name in capped}
        shares = template["Mappings"]["DeliverConcurrencyShares"][value["DeliverConcurrency"]]
        order = value["ChannelOrder"].split(",")
        return cls(
            concurrencies=tuple(sorted(described["DeliverConcurrency"]["AllowedValues"])),
            deliver_concurrency=int(value["DeliverConcurrency"]),
            queues_in_use=("email" in order) + (order != ["email"]),
            events_concurrency=shares["Events"],
            events_batch=template["Resources"]["DeliveryEventsMapping"]["Properties"]["BatchSize"],
            fifo_per_second=_fifo_per_second(template["Resources"]),
            emails_per_day=int(value["EmailsPerDay"]),
            sms_per_day=int(value["SmsPerDay"]),
            sms_per_country=int(value["SmsPerCountryPerDay"]),
            sms_unanswered=int(value["SmsUnansweredPerCountry"]),
            sms_countries=len(value["SmsCountries"].split(",")),
            most=most,
            hosted=_hosted(template),
            memory_gb=memory_gb(template),
        )


@dataclass(frozen=True)
class Throttle:
    """The requests a second to one method of an API.

    `parameter` raises them up to `most`. It is empty if they are fixed.
    """

    limit: int
    most: int
    parameter: str = ""


def _hosted(template: Mapping[str, Any]) -> dict[str, Throttle]:
    """Return the throttle of each method of the hosted sign-in, by method and path."""
    found = {}
    for setting in template["Resources"]["HostedSignInApi"]["Properties"]["MethodSettings"]:
        limit = setting.get("ThrottlingRateLimit")
        path = setting["ResourcePath"].replace("~1", "/").replace("//", "/")
        if isinstance(limit, Mapping):
            parameter = template["Parameters"][limit["Ref"]]
            throttle = Throttle(parameter["Default"], parameter["MaxValue"], limit["Ref"])
        elif limit:
            throttle = Throttle(limit, limit)
        else:
            continue
        found[f"{setting['HttpMethod']} {path}"] = throttle
    return found


def _fifo_per_second(resources: Mapping[str, Any]) -> int:
    """Return the calls a second of each operation that SQS accepts for a queue of `deliver`."""
    queues = [resources[name]["Properties"] for name in ("EmailQueue", "PhoneQueue")]
    modes = {(queue["DeduplicationScope"], queue["FifoThroughputLimit"]) for queue in queues}
    # High throughput: 2,400 in the Regions with the lowest quota, up to 70,000 in others.
    return 2_400 if modes == {("messageGroup", "perMessageGroupId")} else 300


@dataclass(frozen=True)
class Quota:
    """A limit. `limit` is its initial value, and `load` the part of it that one sign-in a second takes.

    `raised_by` names the parameter or the way to raise it, and is empty if nothing raises it. `most` is the
    highest value, or None if AWS decides it. `allowed` has the values of the parameter, and is empty if any
    value is allowed.
    """

    name: str
    limit: float
    load: float
    page: str
    raised_by: str = ASK_AWS
    most: float | None = None
    allowed: Sequence[int] = ()

    @property
    def sign_ins(self) -> float:
        """The sign-ins a second at which the limit is reached."""
        return self.limit / self.load

    @property
    def is_fixed(self) -> bool:
        """True if nothing raises the limit."""
        return not self.raised_by

    @property
    def most_sign_ins(self) -> float:
        """The sign-ins a second up to which the limit can be raised; infinity if AWS decides it."""
        if self.is_fixed:
            return self.sign_ins
        return float("inf") if self.most is None else self.most / self.load

    def needed(self, rate: float) -> float:
        """Return the lowest value that is enough for `rate` sign-ins a second."""
        load = rate * self.load
        return next((value for value in self.allowed if value >= load), load)


def quotas(flow: SignInFlow, stack: StackLimits) -> list[Quota]:
    """Return all limits of a kind of sign-in, in the order in which they are reached."""
    found = [*_cognito(flow), *_lambda(flow, stack), *_stores(flow, stack), *_messages(flow, stack)]
    found += _pages(stack) if flow.is_hosted else []
    return sorted(found, key=lambda quota: quota.sign_ins)


def to_raise(flow: SignInFlow, stack: StackLimits, rate: float) -> list[Quota]:
    """Return the limits below `rate` sign-ins a second, the lowest first."""
    return [quota for quota in quotas(flow, stack) if quota.sign_ins < rate]


def _cognito(flow: SignInFlow) -> list[Quota]:
    # RespondToAuthChallenge has a separate quota of three times the size. Only more calls use this quota.
    load = 1 + max(0, flow.responses - 3)
    found = [Quota(USER_AUTHENTICATION, 120, load, _COGNITO)]
    if flow.is_hosted:
        found += [
            Quota(USER_FEDERATION, 25, 1, _COGNITO),
            Quota("Cognito, UserRead: requests a second", 120, HOSTED_USER_READS, _COGNITO),
            # The authorization endpoint, the return of the provider, and the token endpoint.
            Quota("Cognito, domain of the pool: requests a second", 500, 3, _COGNITO),
            Quota("Cognito, one app client at the domain: requests a second", 300, 2, _COGNITO),
        ]
    return found


def _pages(stack: StackLimits) -> list[Quota]:
    found = [
        # 2,500 in thirteen Regions, 10,000 in the others.
        Quota(
            "API Gateway, requests a second of the account", 2_500, sum(HOSTED_REQUESTS.values()), _GATEWAY
        ),
        Quota("KMS, RSA operations a second", 1_000, HOSTED_RSA, _KMS),
    ]
    for name, load in HOSTED_REQUESTS.items():
        throttle = stack.hosted[name]
        raised_by = f"`{throttle.parameter}`" if throttle.parameter else ""
        found.append(
            Quota(f"`{name}`: requests a second", throttle.limit, load, _PARAMETERS, raised_by, throttle.most)
        )
    return found


def _lambda(flow: SignInFlow, stack: StackLimits) -> list[Quota]:
    found = [
        Quota("Lambda, concurrent executions of the account", 1_000, flow.concurrency, _LAMBDA),
        # Ten times the concurrency.
        Quota("Lambda, requests a second of the account", 10_000, flow.invocations, _LAMBDA),
        Quota(
            "`DeliverConcurrency`: messages at the same time",
            stack.deliver_concurrency,
            stack.queues_in_use * SECONDS["deliver"],
            _MAPPING,
            "`DeliverConcurrency`",
            stack.concurrencies[-1],
            stack.concurrencies,
        ),
    ]
    if not flow.by_sms:
        load = SECONDS["events"] / stack.events_batch
        found.append(
            Quota(
                "`delivery_events`: batches at the same time",
                stack.events_concurrency,
                load,
                _MAPPING,
                "`DeliverConcurrency`",
                stack.concurrencies[-1] // 30,
            )
        )
    return found


def _stores(flow: SignInFlow, stack: StackLimits) -> list[Quota]:
    found = [
        Quota("SQS, calls a second of each operation of a FIFO queue", stack.fifo_per_second, 1, _SQS),
        Quota("KMS, symmetric operations a second", 10_000, 2 + (HOSTED_KMS if flow.is_hosted else 0), _KMS),
        Quota(
            "DynamoDB, writes a second of a new table",
            4_000,
            flow.writes,
            _WARM,
            "grows with use, or warm throughput",
        ),
        Quota("DynamoDB, write quota of a table", 40_000, flow.writes, _DYNAMODB),
    ]
    if flow.by_sms:
        units = ceil(day_item_bytes(stack.sms_countries) / ITEM_UNIT_BYTES)
        found.append(
            Quota(
                "item `sms_day#<date>`: write units a second", ITEM_WRITES, flow.day_writes * units, _HOT, ""
            )
        )
    else:
        found.append(
            Quota(
                "item `email_day#<date>`: write units a second", ITEM_WRITES, 1 / EMAILS_PER_COUNT, _HOT, ""
            )
        )
    return found


def _messages(flow: SignInFlow, stack: StackLimits) -> list[Quota]:
    a_day = DAY_SECONDS * AVERAGE_OF_PEAK
    if not flow.by_sms:
        return [
            Quota("SES, emails a second", 14, 1, _SES),
            Quota("SES, emails in 24 hours", 50_000, a_day, _SES),
            Quota(
                "`EmailsPerDay`",
                stack.emails_per_day,
                a_day,
                _PARAMETERS,
                "`EmailsPerDay`",
                stack.most["EmailsPerDay"],
            ),
        ]
    # New numbers may use one half of each cap.
    sent = a_day * (2 if flow.is_new_number else 1)
    caps = {
        "SmsPerDay": (stack.sms_per_day, sent),
        "SmsPerCountryPerDay": (stack.sms_per_country, sent),
    }
    if flow.is_new_number:
        # The SMS that wait for their answer, and those that get none.
        caps["SmsUnansweredPerCountry"] = stack.sms_unanswered, ANSWER_SECONDS + UNANSWERED * a_day
    return [
        Quota("SNS, SMS a second", 20, 1, _SNS),
        Quota("SNS, USD of SMS a month", 1, AVERAGE_OF_PEAK * MONTH_SECONDS * each("sms_japan"), _SNS),
        *(
            Quota(f"`{name}`", limit, load, _PARAMETERS, f"`{name}`", stack.most[name])
            for name, (limit, load) in caps.items()
        ),
    ]


def day_item_bytes(countries: int) -> int:
    """Return the bytes of the item `sms_day#<date>` with SMS to this number of countries.

    DynamoDB counts the bytes of an attribute's name. A number has one byte for two digits, and one more. This
    function assumes six digits for the counts of a country, and eight for the others.
    """
    share, limits = DayShare(uses_reserve=False, is_established=False), SmsLimits(1, 1, 1)
    names = {name for index in range(countries) for name in share.caps(limits, f"{index:02}")}
    key, ttl = len("pk" + "sms_day#2026-11-29"), len("ttl") + 6
    return key + ttl + sum(len(name) + (4 if "_" in name else 5) for name in names)


def sign_ins_a_month(rate: float) -> float:
    """Return the sign-ins of a month with `rate` sign-ins in its busiest seconds."""
    return rate * AVERAGE_OF_PEAK * MONTH_SECONDS


def bill(flow: SignInFlow, stack: StackLimits, plan: str, rate: float) -> dict[str, float]:
    """Return the USD of a month by service.

    `rate` is the sign-ins a second in the busiest seconds, and `plan` is Cognito's plan.

    A hosted sign-in costs the same with every plan. The bill leaves out monitoring, WAF and SnapStart, and
    discounts for large volumes.
    """
    count = sign_ins_a_month(rate)
    warm, cold = warm_gb_seconds(stack.memory_gb, flow.defines), cold_gb_seconds(stack.memory_gb)
    users = int(count // SIGN_INS_PER_USER)
    found = {
        "Cognito, users": cognito_users("FEDERATED" if flow.is_hosted else plan, users),
        "Cognito, request rate": each("cognito_rate") * _requests_above_quota(flow, rate),
        "SNS" if flow.by_sms else "SES": count * each("sms_japan" if flow.by_sms else "email"),
        "KMS": count * 2 * each("kms_call") + 3 * each("kms_key"),
        "Lambda": count
        * (flow.invocations * each("lambda_request") + (warm + cold) * each("lambda_gb_second")),
        "DynamoDB": count * flow.writes * each("dynamodb_write"),
        "SQS": count * 3 * each("sqs_request") + 3 * POLLING,
        "CloudWatch Logs": count * LOG_GB * each("log_gb"),
    }
    if flow.by_sms and flow.has_password:
        # `create` reads two items for half a unit each.
        found["DynamoDB"] += count * each("dynamodb_read")
    if flow.is_hosted:
        requests = sum(HOSTED_REQUESTS.values())
        found["API Gateway"] = count * requests * each("api_request")
        seconds = HOSTED_SECONDS * stack.memory_gb["hosted_sign_in"]
        found["Lambda"] += count * seconds * each("lambda_gb_second")
        found["KMS"] += count * (HOSTED_KMS + HOSTED_RSA) * each("kms_call") + 2 * each("kms_key")
        found["Secrets Manager"] = each("secret")
    if not flow.by_sms:
        # SNS, SQS and `delivery_events`, as in docs/cost.md.
        found["Events of emails"] = count * 0.002 / 1_000
    return found


def _requests_above_quota(flow: SignInFlow, rate: float) -> float:
    sold = [quota for quota in _cognito(flow) if quota.name in (USER_AUTHENTICATION, USER_FEDERATION)]
    return sum(max(0.0, quota.needed(rate) - quota.limit) for quota in sold)


def _rate(text: str) -> float:
    """Read a rate from the command line. Raises ArgumentTypeError if it is not a positive number."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if rate <= 0 or not isfinite(rate):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of sign-ins a second above 0.")
    return rate


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page, or print the limits and the bill of one rate.

    Raises SystemExit with the reason if an option is wrong.
    """
    from benchmarks import capacity_page  # noqa: PLC0415 - that module imports this one

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity",
        description="Print the limits to raise for a rate of sign-ins, and the bill of a month. "
        "Without a rate, write docs/capacity.md and its charts.",
    )
    parser.add_argument("rate", nargs="?", type=_rate, help="sign-ins a second in the busiest seconds")
    parser.add_argument("--sign-in", choices=KINDS, help="kind of sign-in (default: email)")
    parser.add_argument("--json", action="store_true", help="print the limits and the bill as JSON")
    options = parser.parse_args(arguments)
    if options.rate is None:
        if options.json or options.sign_in:
            parser.error(f"{'--json' if options.json else '--sign-in'} needs a rate.")
        for path in capacity_page.write():
            print(f"Wrote {path}.")
    else:
        found = capacity_page.summary(KINDS[options.sign_in or "email"], options.rate)
        print(json.dumps(found, indent=2) if options.json else capacity_page.summary_text(found))


if __name__ == "__main__":
    main()
