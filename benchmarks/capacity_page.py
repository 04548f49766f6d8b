"""docs/capacity.md and its charts: tables of the limits, the bill and the simulation of a login storm."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

from benchmarks import login_storm
from benchmarks.capacity import (
    ANSWER_SECONDS,
    AVERAGE_OF_PEAK,
    EMAIL,
    FLOWS,
    HOSTED,
    NEW_SMS,
    SMS,
    UNANSWERED,
    Quota,
    SignInFlow,
    StackLimits,
    bill,
    quotas,
    sign_ins_a_month,
    to_raise,
)
from benchmarks.login_storm import Storm, StormResult, quantile
from benchmarks.svg_chart import DARK, LIGHT, Chart, Line, Mark
from tools.artefacts.cost import COLD_SECONDS, SECONDS
from tools.artefacts.prices import LOOKED_UP, PLANS, PRICES, REGION

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"
PAGE = ROOT / "docs" / "capacity.md"
CHARTS = {
    ROOT / "docs" / "images" / "capacity-light.svg": LIGHT,
    ROOT / "docs" / "images" / "capacity-dark.svg": DARK,
}
RATES = (1, 10, 100, 1_000, 10_000, 100_000)
# The services whose lines in the chart would overlap. They have one line together.
_SMALL = ("Lambda", "DynamoDB", "SQS", "CloudWatch Logs", "Events of emails")
_TIMED = ("define", "create", "verify", "deliver")
_BELOW_A_CENT = 0.01


@cache
def _stack() -> StackLimits:
    template: dict[str, Any] = load(str(TEMPLATE))
    return StackLimits.read(template)


def number(value: float) -> str:
    """Return a number with two digits of precision below 100, and rounded down above."""
    if value == float("inf"):
        return "no limit known"
    if value < _BELOW_A_CENT:
        return "less than 0.01"
    if value >= 100:
        return f"{floor(value):,}"
    digits = max(0, 1 - floor(log10(value)))
    scaled = floor(value * 10**digits + 1e-9) / 10**digits
    return f"{scaled:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{scaled:.0f}"


def money(amount: float) -> str:
    """Return USD with cents if it is below 100."""
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _source(quota: Quota) -> str:
    parts = quota.page.removeprefix("https://docs.aws.amazon.com/").split("/")
    name = parts[-1].removesuffix(".html").removesuffix(".md")
    return f"[{parts[0] + ': ' if len(parts) > 1 else ''}{name}]({quota.page})"


def _raised(quota: Quota) -> str:
    if quota.is_fixed:
        return "fixed"
    up_to = "" if quota.most is None else f", up to {number(quota.most_sign_ins)} sign-ins a second"
    return quota.raised_by + up_to


def limits(flow: SignInFlow) -> str:
    """Return the table of all limits of a kind of sign-in."""
    return table(
        ["limit", "initial value", "sign-ins a second", "raised by", "source"],
        (
            [quota.name, f"{quota.limit:,.0f}", number(quota.sign_ins), _raised(quota), _source(quota)]
            for quota in quotas(flow, _stack())
        ),
    )


def other_limits() -> str:
    """Return the table of the limits that other kinds of sign-in reach, and password and email do not.

    A limit that they reach at another rate is in the table too.
    """
    common = {(quota.name, quota.sign_ins) for quota in quotas(EMAIL, _stack())}
    return table(
        ["sign-in", "limit", "initial value", "sign-ins a second", "raised by"],
        (
            [flow.name, quota.name, f"{quota.limit:,.0f}", number(quota.sign_ins), _raised(quota)]
            for flow in (HOSTED, SMS, NEW_SMS)
            for quota in quotas(flow, _stack())
            if (quota.name, quota.sign_ins) not in common
        ),
    )


def needs(flow: SignInFlow) -> str:
    """Return the table of the values that each rate needs; empty where the initial value is enough."""
    names = [quota.name for quota in quotas(flow, _stack())]
    needed = {rate: {quota.name: quota for quota in to_raise(flow, _stack(), rate)} for rate in RATES[1:]}
    rows = []
    for name in names:
        cells = [_needed(needed[rate][name], rate) if name in needed[rate] else "" for rate in needed]
        rows.append([name, *cells])
    return table(["limit", *(f"{rate:,} a second" for rate in needed)], rows)


def _needed(quota: Quota, rate: float) -> str:
    value = f"{ceil(quota.needed(rate)):,}"
    return f"{value}: not possible" if rate > quota.most_sign_ins else value


def fixed_limits() -> str:
    """Return the table of the limits that cannot be raised to 100,000 sign-ins a second."""
    found: dict[tuple[float, str], list[str]] = {}
    for flow in FLOWS:
        for quota in quotas(flow, _stack()):
            if quota.most_sign_ins < RATES[-1]:
                found.setdefault((quota.most_sign_ins, quota.name), []).append(flow.name)
    return table(
        ["limit", "highest sign-ins a second", "for"],
        (
            [name, number(most), "all kinds" if len(kinds) == len(FLOWS) else "; ".join(kinds)]
            for (most, name), kinds in sorted(found.items())
        ),
    )


def bills() -> str:
    """Return the table of the bill by service."""
    found = {rate: bill(EMAIL, _stack(), "ESSENTIALS", rate) for rate in RATES}
    rows = [[service, *(money(found[rate][service]) for rate in RATES)] for service in found[1]]
    rows.append(["**total**", *(money(sum(found[rate].values())) for rate in RATES)])
    heads = [f"{rate:,} a second" for rate in RATES]
    counts = [f"{sign_ins_a_month(rate):,.0f}" for rate in RATES]
    return table(["USD a month", *heads], [["sign-ins of the month", *counts], *rows])


def plans() -> str:
    """Return the table of the sum by kind of sign-in and plan."""
    rows = [
        [
            flow.name,
            f"`{plan}`" if plan in PLANS else plan,
            *(money(sum(bill(flow, _stack(), plan, rate).values())) for rate in RATES),
        ]
        for flow in (EMAIL, HOSTED, SMS)
        for plan in _plans(flow)
    ]
    return table(["sign-in", "plan", *(f"{rate:,} a second" for rate in RATES)], rows)


def prices() -> str:
    """Return the table of the prices."""
    return table(
        ["service", "USD", "for", "source"],
        (
            [
                price.service,
                f"{price.amount:g}{' †' if price.is_secondary else ''}",
                f"{price.count:,} {price.unit}",
                f"[{price.page.removeprefix('https://aws.amazon.com/').strip('/')}]({price.page})",
            ]
            for price in PRICES.values()
        ),
    )


def chart() -> Chart:
    """Return the chart of the bill and the first limits."""
    rates = [10 ** (step / 4) for step in range(21)]
    found = {rate: bill(EMAIL, _stack(), "ESSENTIALS", rate) for rate in rates}
    lines = [
        Line("total", [(rate, sum(found[rate].values())) for rate in rates]),
        *(
            Line(name, [(rate, found[rate][name]) for rate in rates])
            for name in ("Cognito, users", "SES", "Cognito, request rate", "KMS")
        ),
        Line("Lambda and the others", [(rate, sum(found[rate][name] for name in _SMALL)) for rate in rates]),
    ]
    marks: list[Mark] = []
    for quota in quotas(EMAIL, _stack()):
        # Labels of nearer limits would overlap. The table has all limits.
        if not marks or quota.sign_ins > 1.4 * marks[-1].x:
            marks.append(Mark(quota.name.replace("`", "").split(":")[0], quota.sign_ins))
    title = "A month with a code by email, plan ESSENTIALS; dotted: limits of a new stack"
    return Chart(
        title, "sign-ins a second in the busiest seconds", "USD a month", (0, 5), (0, 9), lines, marks
    )


def storms() -> str:
    """Run the simulations and return their table."""
    heads = [
        "storm",
        "users",
        "signed in",
        "queue age: median, 95th percentile, maximum",
        "time to message: median, 95th percentile, maximum",
    ]
    return table(
        [
            *heads,
            "throttled by Cognito, Lambda, SES",
            "new starts",
            "repeated trigger calls, repeated deliveries",
        ],
        (_storm(storm, login_storm.run(storm)) for storm in login_storm.STORMS),
    )


def _storm(storm: Storm, result: StormResult) -> list[str]:
    counts = result.counts

    def times(values: list[float]) -> str:
        return ", ".join(f"{quantile(values, part):.1f} s" for part in (0.5, 0.95, 1))

    def numbers(*names: str) -> str:
        return ", ".join(f"{counts[name]:,}" for name in names)

    return [
        storm.name,
        f"{result.users:,}",
        f"{counts['signed in'] / result.users:.0%}",
        times(result.queue_ages),
        times(result.times_to_message),
        numbers("throttled by Cognito", "throttled by Lambda", "throttled by SES"),
        numbers("starts again"),
        numbers("trigger calls repeated", "deliveries repeated"),
    ]


def summary(flow: SignInFlow, rate: float) -> dict[str, Any]:
    """Return the limits to raise for `rate` sign-ins a second, and the USD of a month by plan and service.

    The limits come in the order in which they are reached. `possible_up_to` is in sign-ins a second, and None
    if AWS decides it.
    """
    return {
        "sign_in": flow.name,
        "sign_ins_a_second": rate,
        "to_raise": [
            {
                "limit": quota.name,
                "initial_value": quota.limit,
                "reached_at": quota.sign_ins,
                "needed": ceil(quota.needed(rate)),
                "raised_by": quota.raised_by or None,
                "possible_up_to": None if quota.most_sign_ins == float("inf") else quota.most_sign_ins,
            }
            for quota in to_raise(flow, _stack(), rate)
        ],
        "usd_a_month": {plan: bill(flow, _stack(), plan, rate) for plan in _plans(flow)},
    }


def _plans(flow: SignInFlow) -> Sequence[str]:
    """Return the plans of Cognito with different prices."""
    return ("any",) if flow.is_hosted else PLANS


def summary_text(found: Mapping[str, Any]) -> str:
    """Return a `summary` for a terminal."""
    lines = [f"{found['sign_in']}, {found['sign_ins_a_second']:,.10g} sign-ins a second", ""]
    lines.append(
        "To raise, in the order in which the limits are reached:"
        if found["to_raise"]
        else "No limit has to be raised."
    )
    for limit in found["to_raise"]:
        most = limit["possible_up_to"]
        too_much = most is not None and most < found["sign_ins_a_second"]
        lines.append(
            f"  {limit['limit']}: {limit['initial_value']:,.0f} -> {limit['needed']:,}"
            f"{': not possible' if too_much else ''} ({limit['raised_by'] or 'fixed'})"
        )
    for plan, services in found["usd_a_month"].items():
        name = f"plan {plan}" if plan in PLANS else f"{plan} plan"
        lines += ["", f"USD a month, {name}: {money(sum(services.values()))}"]
        lines += [f"  {service}: {money(amount)}" for service, amount in services.items()]
    return "\n".join(lines)


def page() -> str:
    """Return docs/capacity.md. It runs the simulations."""
    email, sms = quotas(EMAIL, _stack()), quotas(NEW_SMS, _stack())
    by_name = {quota.name: quota for quota in (*email, *sms)}
    one_a_second = bill(EMAIL, _stack(), "ESSENTIALS", 1)
    text = (Path(__file__).parent / "capacity.md.in").read_text("utf-8")
    values = {
        "first": "; ".join(quota.name for quota in email if quota.sign_ins == email[0].sign_ins),
        "first_rate": number(email[0].sign_ins),
        "email_most": number(min(quota.most_sign_ins for quota in email)),
        "hosted_most": number(min(quota.most_sign_ins for quota in quotas(HOSTED, _stack()))),
        "cognito": number(by_name["Cognito, UserAuthentication: requests a second"].sign_ins),
        "new_sms": number(by_name["item `sms_day#<date>`: write units a second"].sign_ins),
        "durations": ", ".join(f"`{name}` {1_000 * SECONDS[name]:g} ms" for name in _TIMED),
        "event_ms": f"{1_000 * SECONDS['events']:g}",
        "cold_seconds": f"{COLD_SECONDS:g}",
        "answer_seconds": str(ANSWER_SECONDS),
        "unanswered": f"{UNANSWERED:.0%}",
        "average": f"{AVERAGE_OF_PEAK:.0%}",
        "usd": money(sum(one_a_second.values())),
        "usd_users": money(one_a_second["Cognito, users"]),
        "looked_up": LOOKED_UP,
        "region": REGION,
        "limits": limits(EMAIL),
        "other_limits": other_limits(),
        "needs": needs(EMAIL),
        "fixed_limits": fixed_limits(),
        "bills": bills(),
        "plans": plans(),
        "storms": storms(),
        "prices": prices(),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


def write() -> list[Path]:
    """Write the page and the charts. Return their paths."""
    PAGE.write_text(page(), "utf-8")
    for path, look in CHARTS.items():
        path.write_text(chart().svg(look), "utf-8")
    return [PAGE, *CHARTS]
