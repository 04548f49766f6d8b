"""The alarms: their expressions, their texts, and the section of the runbook that each one names."""

import re
from typing import Any

import pytest

from passcode.adapters import end_user_messaging, ses, sns
from passcode.adapters.aws_gateway import Outcome
from passcode.adapters.telemetry import ESSENTIAL_METRICS
from passcode.token_service.policy import Policy, next_send_tat, send_wait
from passcode.token_service.refusal import Refusal
from tests.observability import shown
from tests.observability.shown import ALARMS, RESOURCES, ROOT, Formula, Metric
from tests.support.template import TEMPLATE

OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
TOPIC = [
    {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]},
    {"Fn::If": ["HasAlarmEmail", {"Ref": "AlarmTopic"}, {"Ref": "AWS::NoValue"}]},
]
CONDITIONS = TEMPLATE["Conditions"]


def result(alarm: str, **values: float | None) -> float:
    """Return the value of an alarm's expression. None is a metric without a data point."""
    (formula,) = [f for f in shown.formulas() if f.where == alarm]
    functions: dict[str, Any] = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": lambda value, default: default if value is None else value,
        "MAX": max,
    }
    return float(eval(formula.expression, {"__builtins__": {}}, functions | values))


@pytest.mark.parametrize("formula", list(shown.formulas()), ids=lambda f: f.where)
def test_an_expression_uses_each_of_its_metrics_and_nothing_else(formula: Formula) -> None:
    used = set(re.findall(r"\b[a-z_]+\b", formula.expression))
    assert used <= formula.ids
    assert formula.ids - used == set() or formula.where not in ALARMS


@pytest.mark.parametrize("name", list(ALARMS))
def test_an_alarm_notifies_the_topic_and_names_a_section_of_the_runbook(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == TOPIC
    assert alarm["TreatMissingData"] == "notBreaching"
    (heading,) = re.findall(r"See docs/operations\.md, ['\"](.+)['\"]\.$", alarm["AlarmDescription"])
    assert re.search(rf"^### {re.escape(heading)}$", OPERATIONS, re.MULTILINE), heading


def exists(name: str, monitoring: str) -> bool:
    """True if the resource exists with a value of Monitoring, and every other option is on."""
    condition = RESOURCES[name].get("Condition", "")
    parts = CONDITIONS[condition].get("Fn::And", [{"Condition": condition}]) if condition else []
    names = {part["Condition"] for part in parts} & {"Monitors", "MonitorsFully"}
    if not names:
        return True
    return monitoring == "FULL" or (monitoring == "ESSENTIAL" and names == {"Monitors"})


def essential_alarms() -> set[str]:
    return {name for name in ALARMS if exists(name, "ESSENTIAL")}


def test_monitoring_off_keeps_the_alarm_on_messages_that_were_not_delivered() -> None:
    assert {name for name in ALARMS if exists(name, "OFF")} == {"DeadLettersAlarm"}
    # Its metric is one of SQS, so that the functions need no metric.
    assert ALARMS["DeadLettersAlarm"]["Namespace"] == "AWS/SQS"
    others = {*shown.of_type("AWS::CloudWatch::Dashboard"), *shown.QUERIES}
    assert {name for name in others if exists(name, "OFF")} == set()
    assert {name for name in others if exists(name, "ESSENTIAL")} == set(shown.QUERIES)
    assert CONDITIONS["Monitors"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Monitoring"}, "OFF"]}]}
    assert CONDITIONS["MonitorsFully"] == {"Fn::Equals": [{"Ref": "Monitoring"}, "FULL"]}


def test_only_alarms_without_separate_harm_are_left_to_full_monitoring() -> None:
    assert set(ALARMS) - essential_alarms() == {
        "DeliveryFailingAlarm",  # the code went to another address, or UndeliveredAlarm fires
        "FailedAfterSendingAlarm",  # the next code goes to another address, and SES has its alarms
        "ConversionAlarm",  # FewSignInsAlarm has the same cause
        "DeliveryEventsErrorsAlarm",  # codes still go out
        "UnknownSourceAlarm",  # a release of AWS, once
        "DefineSlowAlarm",
        "CreateSlowAlarm",
        "VerifySlowAlarm",
        "ClaimsSlowAlarm",
    }


def test_the_essential_metrics_are_those_of_the_essential_alarms() -> None:
    def path(metric: Metric) -> str:
        return "/".join([metric.name, *(str(text) for key, text in metric.dimensions if key != "service")])

    read = {
        path(m) for m in shown.alarm_metrics(essential_alarms()) if m.namespace.startswith("CognitoPasscode")
    }
    assert read == ESSENTIAL_METRICS


def test_only_alarms_of_this_account_publish_to_the_topic_of_the_email_address() -> None:
    topic = RESOURCES["AlarmTopic"]
    assert topic["Condition"] == RESOURCES["AlarmTopicPolicy"]["Condition"] == "HasAlarmEmail"
    assert topic["Properties"]["Subscription"] == [{"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}]
    allowed, tls = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    # CloudWatch cannot use the key that AWS manages for SNS. The own key lets it.
    key = topic["Properties"]["KmsMasterKeyId"]["Fn::If"]
    assert key == ["HasDataKey", {"Ref": "TableAndQueueKey"}, {"Ref": "AWS::NoValue"}]
    statements = RESOURCES["TableAndQueueKey"]["Properties"]["KeyPolicy"]["Statement"]
    (services,) = [s for s in statements if "Service" in s["Principal"]]
    assert "cloudwatch.amazonaws.com" in services["Principal"]["Service"]


def test_every_alarm_is_on_the_dashboard() -> None:
    (widget,) = [each for each in shown.widgets() if each["type"] == "alarm"]
    assert sorted(widget["properties"]["alarms"]) == sorted(f"{name}.Arn" for name in ALARMS)


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_an_alarm_watches_exactly_one_expression(name: str) -> None:
    # An alarm on anomalies also has the band that it compares the expression with.
    band = ALARMS[name].get("ThresholdMetricId")
    watched = [e for e in ALARMS[name]["Metrics"] if e.get("ReturnData", True) and e["Id"] != band]
    assert ["Expression" in entry for entry in watched] == [True]


@pytest.mark.parametrize(
    ("alarm", "values", "value"),
    [
        # One failure in a quiet hour fires no alarm. Three in ten do.
        ("DeliveryFailingAlarm", {"failed": 1, "sent": None}, 0),
        ("DeliveryFailingAlarm", {"failed": 3, "sent": 7}, 30),
        ("DeliveryFailingAlarm", {"failed": 10, "sent": None}, 100),
        # The same for failures after sending. Delays and temporary failures are events too.
        ("FailedAfterSendingAlarm", {"failed": 1, "events": 9}, 0),
        ("FailedAfterSendingAlarm", {"failed": 2, "events": 10}, 20),
        ("FailedAfterSendingAlarm", {"failed": None, "events": 500}, 0),
        ("DeliveryEventsErrorsAlarm", {"failed": None, "caught": 5}, 5),
        # Guesses at user names do not count, but it counts if no user signs in.
        # The first message that no channel took counts, but not while other messages are taken.
        ("UndeliveredAlarm", {"undelivered": 1, "sent": None}, 1),
        ("UndeliveredAlarm", {"undelivered": 3, "sent": 1}, 0),
        ("UndeliveredAlarm", {"undelivered": None, "sent": None}, 0),
        ("FewSignInsAlarm", {"verified": None}, 0),
        ("ManyMessagesAlarm", {"sign_in": 4, "sign_in_quota": None, "tokens": None, "token_quota": 1}, 5),
        ("SmsStoppedAlarm", {"sms": None, "calls": 1}, 1),
        ("SmsStoppedAlarm", {"sms": 2, "calls": None}, 2),
        # AWS limits each of the three separately, and an account that uses one has no data of the others.
        ("SmsSpendAlarm", {"sns": 0.5, "text": None, "calls": None}, 0.5),
        ("SmsSpendAlarm", {"sns": None, "text": 2, "calls": 1}, 2),
        ("SmsSpendAlarm", {"sns": 0.1, "text": None, "calls": 3}, 3),
        ("ConversionAlarm", {"issued": 19, "decoys": None, "verified": None}, 100),
        ("ConversionAlarm", {"issued": 500, "decoys": 490, "verified": 9}, 100),
        ("ConversionAlarm", {"issued": 50, "decoys": None, "verified": None}, 0),
        ("ConversionAlarm", {"issued": 50, "decoys": 10, "verified": 30}, 75),
        # Lambda counts a refusal as an error, and the alarm does not.
        ("CreateErrorsAlarm", {"failed": 40, "throttles": None, "refusals": 40}, 0),
        ("VerifyErrorsAlarm", {"failed": 43, "throttles": 1, "refusals": 40}, 4),
        ("DefineErrorsAlarm", {"failed": 1, "throttles": None, "caught": 2}, 3),
        ("DeliverErrorsAlarm", {"failed": None, "throttles": None, "caught": 5}, 5),
        ("CustomSenderErrorsAlarm", {"failed": 2, "throttles": 1}, 3),
        ("TokenErrorsAlarm", {"failed": 1, "throttles": 1, "caught": 2}, 4),
        ("HostedErrorsAlarm", {"failed": 1, "throttles": None, "caught": 2}, 3),
    ],
)
def test_the_expression_of_an_alarm_has_the_expected_value(
    alarm: str, values: dict[str, Any], value: float
) -> None:
    assert result(alarm, **values) == value


def test_the_alarm_on_stopped_gateways_fires_for_the_first_message() -> None:
    """tests/contract/test_gateways.py has the errors that `deliver` counts there."""
    alarm = ALARMS["GatewayStoppedAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("gateway_stopped", "Sum", 0)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "deliver"}]
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_the_alarm_on_sign_ins_compares_them_with_the_lower_end_of_the_usual_range() -> None:
    alarm = ALARMS["FewSignInsAlarm"]
    entries = {entry["Id"]: entry for entry in alarm["Metrics"]}
    assert alarm["ComparisonOperator"] == "LessThanLowerThreshold"
    assert entries[alarm["ThresholdMetricId"]]["Expression"] == "ANOMALY_DETECTION_BAND(signed, 3)"
    # Without FILL, a pool without triggers has no data, and missing data is not breaching.
    assert entries["signed"]["Expression"] == "FILL(verified, 0)"
    assert "Threshold" not in alarm


def test_the_alarm_on_messages_fires_for_one_user_who_always_asks_as_soon_as_possible() -> None:
    alarm, policy = ALARMS["ManyMessagesAlarm"], Policy()
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    now, used_up, send_tat = 0, 0, 0
    while now < 3_600:
        send_tat = next_send_tat(send_tat, now, policy)
        wait = send_wait(send_tat, now, policy)
        used_up += wait > policy.cooldown_seconds
        now += max(wait, policy.cooldown_seconds)
    # One user who asks for six codes in a row does not fire it.
    assert 2 < alarm["Threshold"] <= used_up


def test_the_slow_alarms_fire_before_the_timeout_of_cognito() -> None:
    slow = {name: alarm for name, alarm in ALARMS.items() if alarm.get("MetricName") == "Duration"}
    assert set(slow) == {"DefineSlowAlarm", "CreateSlowAlarm", "VerifySlowAlarm", "ClaimsSlowAlarm"}
    assert {(a["ExtendedStatistic"], a["Threshold"]) for a in slow.values()} == {("p99", 3000)}


@pytest.mark.parametrize(
    "reason",
    [
        *(refusal.value for refusal in Refusal),
        *(
            reason
            for outcomes in (ses.OUTCOMES, sns.OUTCOMES, end_user_messaging.OUTCOMES)
            for reason, outcome in outcomes.items()
            if outcome in (Outcome.FINAL, Outcome.STOPPED)
        ),
        *("no_address", "no_template", "no_gateway"),
    ],
)
def test_every_reason_is_explained(reason: str) -> None:
    assert f"`{reason}`" in OPERATIONS


def test_widgets_fill_the_page_without_overlap() -> None:
    taken = {
        (x, y)
        for w in shown.widgets()
        for x in range(w["x"], w["x"] + w["width"])
        for y in range(w["y"], w["y"] + w["height"])
    }
    assert len(taken) == sum(w["width"] * w["height"] for w in shown.widgets())
    assert max(x for x, _ in taken) == 23
