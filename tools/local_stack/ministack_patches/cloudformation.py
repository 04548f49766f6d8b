"""CloudFormation: resource types and properties that ministack does not support."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import waf
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

Created = tuple[str, dict[str, Any]]
Properties = dict[str, Any]


def patch() -> None:
    """Add resource types and a function of conditions, and correct the properties of other types."""
    evaluate = _with_parts(engine._evaluate_conditions)
    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluate
    mapping = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    for change in ("create", "update"):
        if change in mapping:
            mapping[change] = _with_limits_of_fifo(_with_whole_numbers(mapping[change]))
    provisioners._sqs_queue_fields = _with_one_type(provisioners._sqs_queue_fields)
    acl = provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACL"]
    for change in ("create", "update"):
        if change in acl:
            acl[change] = _with_names_of_the_api(acl[change])
    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::IPSet"] = {
        "create": lambda logical_id, props, stack: _ip_set(f"{stack}-{logical_id}", props),
        "update": lambda physical_id, _, props, __: _with_addresses(physical_id, props),
        "delete": lambda physical_id, _: waf._delete_ip_set({"Id": physical_id.split("|")[1]}),
    }
    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {
        "create": _associate,
        "delete": _disassociate,
    }
    # Alarms over metric math and saved queries. Here they are validated and have no effect.
    provisioners._cw_metric_alarm_put = _with_metric_math(provisioners._cw_metric_alarm_put)
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": lambda logical_id, properties, stack: _query(f"{stack}-{logical_id}", properties),
        "update": lambda physical_id, _, properties, __: _query(physical_id, properties),
        "delete": lambda *_: None,
    }


def _with_parts(evaluate: Callable[..., dict[str, bool]]) -> Callable[..., dict[str, bool]]:
    """A condition may split a text, such as a parameter that is an ARN."""

    def evaluate_with_parts(template: dict[str, Any], params: Mapping[str, Any]) -> dict[str, bool]:
        conditions = _split(template.get("Conditions", {}), params)
        return evaluate(template | {"Conditions": conditions}, params)

    return evaluate_with_parts


def _split(value: Any, params: Mapping[str, Any]) -> Any:
    """Replace each Fn::Split of a text with parameters by its parts."""
    if isinstance(value, list):
        return [_split(each, params) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Split" in value:
        separator, source = value["Fn::Split"]
        text = re.sub(r"\$\{([\w:]+)\}", lambda name: str(params[name[1]]["Value"]), source["Fn::Sub"])
        return text.split(separator)
    return {name: _split(each, params) for name, each in value.items()}


def _with_whole_numbers(change: Callable[..., Any]) -> Callable[..., Any]:
    """A `Ref` to a parameter of type Number becomes a number where the property is one."""

    def changed(*args: Any, **kwargs: Any) -> Any:
        for props in args:
            if isinstance(props, dict) and (
                concurrency := props.get("ScalingConfig", {}).get("MaximumConcurrency")
            ):
                props["ScalingConfig"]["MaximumConcurrency"] = int(concurrency)
        return change(*args, **kwargs)

    return changed


def _with_limits_of_fifo(change: Callable[..., Any]) -> Callable[..., Any]:
    """Lambda reads at most 10 messages at once from a FIFO queue, and refuses a batching window for it."""

    def changed(*args: Any, **kwargs: Any) -> Any:
        for props in args:
            is_fifo = isinstance(props, dict) and str(props.get("EventSourceArn")).endswith(".fifo")
            if is_fifo and (
                int(props.get("BatchSize", 10)) > 10 or "MaximumBatchingWindowInSeconds" in props
            ):
                raise ValueError("a FIFO queue allows a BatchSize of 10 and no batching window")
        return change(*args, **kwargs)

    return changed


def _with_one_type(fields_of: Callable[..., Properties]) -> Callable[..., Properties]:
    """SQS refuses a dead-letter queue of another type than its queue."""

    def fields_of_one_type(props: Properties, is_fifo: bool) -> Properties:
        target = props.get("RedrivePolicy", {}).get("deadLetterTargetArn", "")
        if target and target.endswith(".fifo") != is_fifo:
            raise ValueError("the dead-letter queue of a FIFO queue must be a FIFO queue")
        return fields_of(props, is_fifo)

    return fields_of_one_type


def _with_names_of_the_api(change: Callable[..., Any]) -> Callable[..., Any]:
    """Translate the rules of a template into those of WAF's API.

    A SearchString is text in a template. In the API of WAF it is bytes, so base64 in JSON. The ARN of a
    set of addresses has another name.
    """

    def changed(*args: Any, **kwargs: Any) -> Any:
        return change(*(_of_the_api(each) for each in args), **kwargs)

    return changed


def _of_the_api(value: Any) -> Any:
    if isinstance(value, list):
        return [_of_the_api(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: Properties = {
        name: base64.b64encode(each.encode()).decode() if name == "SearchString" else _of_the_api(each)
        for name, each in value.items()
    }
    if "IPSetReferenceStatement" in found:
        found["IPSetReferenceStatement"] = {"ARN": found["IPSetReferenceStatement"]["Arn"]}
    return found


def _ip_set(name: str, props: Properties) -> Created:
    """`AWS::WAFv2::IPSet` is CreateIPSet; its id is `name|id|scope`."""
    made = json.loads(waf._create_ip_set(props | {"Name": name})[2])["Summary"]
    return f"{name}|{made['Id']}|REGIONAL", {"Arn": made["ARN"], "Id": made["Id"]}


def _with_addresses(physical_id: str, props: Properties) -> Created:
    _, uid, _ = physical_id.split("|")
    waf._update_ip_set({"Id": uid, "Addresses": props["Addresses"]})
    found = json.loads(waf._get_ip_set({"Id": uid})[2])["IPSet"]
    return physical_id, {"Arn": found["ARN"], "Id": uid}


def _associate(_logical_id: str, props: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    """`AWS::WAFv2::WebACLAssociation` is AssociateWebACL; its id is `resource|web ACL`."""
    waf._associate_web_acl({"WebACLArn": props["WebACLArn"], "ResourceArn": props["ResourceArn"]})
    return f"{props['ResourceArn']}|{props['WebACLArn']}", {}


def _disassociate(physical_id: str, _props: Mapping[str, Any]) -> None:
    waf._disassociate_web_acl({"ResourceArn": physical_id.partition("|")[0]})


def _with_metric_math(put: Callable[[str, Properties], Created]) -> Callable[[str, Properties], Created]:
    def put_any(name: str, properties: Properties) -> Created:
        metrics = properties.get("Metrics")
        if not metrics:
            return put(name, properties)
        # The alarm watches exactly one of the entries, beside the band of an alarm on anomalies. The default
        # of ReturnData is true.
        watched = [m for m in metrics if str(m.get("ReturnData", True)).lower() == "true"]
        watched = [m for m in watched if m["Id"] != properties.get("ThresholdMetricId")]
        if len(watched) != 1 or "MetricName" in properties:
            raise ValueError("an alarm watches one metric, or one expression of its Metrics")
        return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}

    return put_any


def _query(physical_id: str, properties: Properties) -> Created:
    for name in ("Name", "QueryString"):
        if not properties.get(name):
            raise ValueError(f"{name} is required for AWS::Logs::QueryDefinition")
    return physical_id, {"QueryDefinitionId": physical_id}
