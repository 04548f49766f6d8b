"""Resources: kinds that CloudFormation has and ministack's does not, by way of the service it does have."""

from collections.abc import Mapping
from typing import Any

from ministack.services import waf
from ministack.services.cloudformation import provisioners


def apply() -> None:
    """Teach ministack's CloudFormation these kinds."""
    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {
        "create": _associate,
        "delete": _disassociate,
    }


def _associate(_logical_id: str, props: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    """`AWS::WAFv2::WebACLAssociation` is AssociateWebACL; its id is `resource|web ACL`."""
    waf._associate_web_acl({"WebACLArn": props["WebACLArn"], "ResourceArn": props["ResourceArn"]})
    return f"{props['ResourceArn']}|{props['WebACLArn']}", {}


def _disassociate(physical_id: str, _props: Mapping[str, Any]) -> None:
    waf._disassociate_web_acl({"ResourceArn": physical_id.partition("|")[0]})
