"""What an operator sees: CloudFormation takes it, though nobody watches a local stack."""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

Made = tuple[str, dict[str, Any]]
Properties = dict[str, Any]


def apply() -> None:
    """Alarms over metric math and saved queries are made; here they are checked and then do nothing."""
    provisioners._cw_metric_alarm_put = _also_over_math(provisioners._cw_metric_alarm_put)
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": lambda logical_id, properties, stack: _query(f"{stack}-{logical_id}", properties),
        "update": lambda physical_id, _, properties, __: _query(physical_id, properties),
        "delete": lambda *_: None,
    }


def _also_over_math(put: Callable[[str, Properties], Made]) -> Callable[[str, Properties], Made]:
    def any_alarm(name: str, properties: Properties) -> Made:
        metrics = properties.get("Metrics")
        if not metrics:
            return put(name, properties)
        # Exactly one of the entries is what the alarm watches; without a word an entry is.
        watched = [m for m in metrics if str(m.get("ReturnData", True)).lower() == "true"]
        if len(watched) != 1 or "MetricName" in properties:
            raise ValueError("an alarm watches one metric, or one expression of its Metrics")
        return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}

    return any_alarm


def _query(physical_id: str, properties: Properties) -> Made:
    for name in ("Name", "QueryString"):
        if not properties.get(name):
            raise ValueError(f"{name} is required for AWS::Logs::QueryDefinition")
    return physical_id, {"QueryDefinitionId": physical_id}
