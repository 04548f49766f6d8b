"""AWS's list prices in one table: us-east-1, in USD, looked up in November 2026.

A price is secondary if another page than AWS's own price page confirmed it.
"""

from dataclasses import dataclass

LOOKED_UP = "November 2026"
REGION = "us-east-1"
MILLION = 1_000_000
INFINITY = float("inf")


@dataclass(frozen=True)
class Price:
    """One price. `amount` is in USD for `count` of `unit`. `page` is the price page of the service."""

    service: str
    unit: str
    amount: float
    count: int
    page: str
    is_secondary: bool = False

    @property
    def each(self) -> float:
        """The price of one unit, in USD."""
        return self.amount / self.count


_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_COGNITO = "https://aws.amazon.com/cognito/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_WAF = "https://aws.amazon.com/waf/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"

PRICES = {
    "lambda_request": Price("Lambda", "requests", 0.20, MILLION, _LAMBDA),
    "lambda_gb_second": Price("Lambda", "GB-seconds (arm64)", 13.3334, MILLION, _LAMBDA),
    "snapstart_cached_gb_second": Price(
        "Lambda SnapStart", "GB-seconds of cache", 1.5046, MILLION, _LAMBDA, True
    ),
    "snapstart_restored_gb": Price("Lambda SnapStart", "GB restored", 139.7998, MILLION, _LAMBDA, True),
    "dynamodb_write": Price(
        "DynamoDB", "write units", 0.625, MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/", True
    ),
    "dynamodb_read": Price(
        "DynamoDB", "read units", 0.125, MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/", True
    ),
    "kms_key": Price("KMS", "key a month", 1.00, 1, _KMS),
    "kms_call": Price("KMS", "calls", 0.03, 10_000, _KMS, True),
    "sqs_request": Price(
        "SQS", "requests (FIFO)", 0.50, MILLION, "https://aws.amazon.com/sqs/pricing/", True
    ),
    "log_gb": Price("CloudWatch", "GB of logs", 0.50, 1, _CLOUDWATCH, True),
    "metric": Price("CloudWatch", "metric a month", 0.30, 1, _CLOUDWATCH, True),
    "alarm_metric": Price("CloudWatch", "metric in an alarm, a month", 0.10, 1, _CLOUDWATCH, True),
    "email": Price("SES", "emails (plan Essentials)", 0.16, 1_000, "https://aws.amazon.com/ses/pricing/"),
    "sms_japan": Price(
        "SNS", "SMS of one part to Japan", 0.07451, 1, "https://aws.amazon.com/sns/sms-pricing/"
    ),
    "api_request": Price(
        "API Gateway", "requests (REST)", 3.50, MILLION, "https://aws.amazon.com/api-gateway/pricing/", True
    ),
    "secret": Price(
        "Secrets Manager", "secret a month", 0.40, 1, "https://aws.amazon.com/secrets-manager/pricing/"
    ),
    "web_acl": Price("WAF", "web ACL a month", 5.00, 1, _WAF, True),
    "web_acl_rule": Price("WAF", "rule a month", 1.00, 1, _WAF, True),
    "web_acl_request": Price("WAF", "requests", 0.60, MILLION, _WAF, True),
    "cognito_rate": Price("Cognito", "request a second above the quota, a month", 20.00, 1, _COGNITO, True),
}

# Cognito bills the active users of a month: the free ones, and then the users up to which each price holds.
COGNITO_USERS: dict[str, tuple[int, tuple[tuple[float, float], ...]]] = {
    "LITE": (
        10_000,
        ((100_000, 0.0055), (MILLION, 0.0046), (10 * MILLION, 0.00325), (INFINITY, 0.0025)),
    ),
    "ESSENTIALS": (10_000, ((INFINITY, 0.015),)),
    "PLUS": (0, ((INFINITY, 0.020),)),
    # Users of the hosted sign-in are federated users, with every plan.
    "FEDERATED": (50, ((INFINITY, 0.015),)),
}
PLANS = ("LITE", "ESSENTIALS", "PLUS")


def each(name: str) -> float:
    """Return the price of one unit of `PRICES[name]`, in USD."""
    return PRICES[name].each


def cognito_users(plan: str, monthly_users: int) -> float:
    """Return Cognito's price of a month in USD for a plan, or for FEDERATED users."""
    free, tiers = COGNITO_USERS[plan]
    cost, counted = 0.0, float(free)
    for limit, price in tiers:
        if monthly_users > counted:
            cost += (min(limit, monthly_users) - counted) * price
            counted = min(limit, monthly_users)
    return cost
