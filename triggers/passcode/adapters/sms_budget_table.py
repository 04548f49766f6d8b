"""The counters of SMS in the table: one item for each number and class, and one for each UTC day.

The item of a number keeps a stranger from flooding one phone. The item of a day limits all SMS of the stack,
and stops a country whose users do not answer. SMS pumping has this pattern: many messages, no answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from passcode.adapters.botocore_clients import unavailable, write_if
from passcode.delivery.sms_limits import (
    SMS_PER_NUMBER,
    UNANSWERED_PER_NUMBER,
    UNANSWERED_SECONDS,
    AnsweredNumber,
    DayShare,
    NumberState,
    Sms,
    SmsCounts,
    SmsLimits,
)
from passcode.token_service.policy import DAY, date_of, day_of
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A number that got no SMS for so long is a new number again.
_KEEP_NUMBER_SECONDS = 90 * DAY
# The gateway's id of the newest SMS that the user has not answered.
_MESSAGE_ID = "message_id"
# Each SMS removes the counts of so many days before, so that the item of a number stays below 1 KiB.
_OLD_DAYS = 31


@dataclass(frozen=True)
class SmsBudgetTable:
    """The counters of SMS. `client` is a botocore DynamoDB client. Each method is one call."""

    client: "DynamoDBClient"
    table: str

    def take_number(self, message: Sms) -> NumberState | None:
        """Count one SMS to a number; None if a limit of the number is reached. Raises `Unavailable`."""
        today = day_of(message.now)
        old = {f"#n{day}": f"n_{day}" for day in range(today - _OLD_DAYS, today)}
        set_open, condition = "", "(attribute_not_exists(#n) OR #n < :per_day)"
        names = {"#n": f"n_{today}", "#ttl": "ttl"} | old
        values = {"zero": 0, "one": 1, "per_day": SMS_PER_NUMBER, "ttl": message.now + _KEEP_NUMBER_SECONDS}
        removed = [*old]
        if message.counts_as_unanswered:
            removed.append(_MESSAGE_ID)
            set_open = "#open = if_not_exists(#open, :zero) + :one, open_at = :now, "
            condition += " AND (attribute_not_exists(#open) OR #open < :most OR open_at <= :an_hour_ago)"
            names |= {"#open": "open"}
            values |= {
                "now": message.now,
                "most": UNANSWERED_PER_NUMBER,
                "an_hour_ago": message.now - UNANSWERED_SECONDS,
            }
        accepted, item = self._write(
            f"sms_to#{message.number}",
            f"SET {set_open}#n = if_not_exists(#n, :zero) + :one, #ttl = :ttl REMOVE {', '.join(removed)}",
            condition,
            names,
            values,
            returns="ALL_OLD",
        )
        if not accepted:
            return None
        before = _numbers(item)
        return NumberState(before.get("open_at", 0), before.get("first_answered", 0))

    def give_back_number(self, message: Sms, before: NumberState) -> None:
        """Undo `take_number`, unless the number was used or answered meanwhile. Raises `Unavailable`."""
        update, condition = "#n = #n - :one", "#n > :zero"
        names, values = {"#n": f"n_{day_of(message.now)}"}, {"zero": 0, "one": 1}
        if message.counts_as_unanswered:
            # With the time before it, so that the next attempt need not wait for an hour.
            update += ", #open = #open - :one, open_at = :before"
            condition += " AND #open > :zero AND open_at = :now"
            names |= {"#open": "open"}
            values |= {"before": before.open_at, "now": message.now}
        self._write(f"sms_to#{message.number}", f"SET {update}", condition, names, values)

    def take_day(self, message: Sms, share: DayShare, limits: SmsLimits) -> bool:
        """Count one SMS of the day; False if a limit is reached. Raises `Unavailable`."""
        caps = share.caps(limits, message.country)
        # The first SMS of a day finds no count in the item, so the condition cannot refuse a limit of 0.
        if 0 in caps.values():
            return False
        counted = _counted(message, share)
        names = {f"#{name}": name for name in {*caps, *counted}}
        accepted, _ = self._write(
            _day_key(message.now),
            f"SET #ttl = :ttl ADD {', '.join(f'#{name} :one' for name in counted)}",
            " AND ".join(f"(attribute_not_exists(#{name}) OR #{name} < :{name})" for name in caps),
            names | {"#ttl": "ttl"},
            caps | {"one": 1, "ttl": message.now + 2 * DAY},
        )
        return accepted

    def give_back_day(self, message: Sms, share: DayShare) -> None:
        """Undo `take_day`. Raises `Unavailable`."""
        counted = _counted(message, share)
        self._write(
            _day_key(message.now),
            f"ADD {', '.join(f'#{name} :back' for name in counted)}",
            # A user may have answered another SMS to this country meanwhile.
            " AND ".join(f"#{name} > :zero" for name in counted),
            {f"#{name}": name for name in counted},
            {"back": -1, "zero": 0},
        )

    def keep_message_id(self, message: Sms, message_id: str) -> None:
        """Keep the id of an SMS, unless another SMS was counted meanwhile. Raises `Unavailable`."""
        self._write(
            f"sms_to#{message.number}",
            f"SET {_MESSAGE_ID} = :id",
            "open_at = :now",
            {},
            {"id": message_id, "now": message.now},
        )

    def answer_number(self, number: str, now: int) -> AnsweredNumber:
        """Record that a user answered an SMS to `number`. Raises `Unavailable`."""
        _, item = self._write(
            f"sms_to#{number}",
            "SET #open = :zero, first_answered = if_not_exists(first_answered, :now), #ttl = :ttl"
            f" REMOVE {_MESSAGE_ID}",
            "",
            {"#open": "open", "#ttl": "ttl"},
            {"zero": 0, "now": now, "ttl": now + _KEEP_NUMBER_SECONDS},
            returns="ALL_OLD",
        )
        before, message_id = _numbers(item), item.get(_MESSAGE_ID, {}).get("S", "")
        if NumberState(first_answered=before.get("first_answered", 0)).is_established(now):
            return AnsweredNumber(0, message_id)
        # The SMS of the days before are in the items of those days.
        return AnsweredNumber(min(before.get("open", 0), before.get(f"n_{day_of(now)}", 0)), message_id)

    def give_back_unanswered(self, country: str, count: int, now: int) -> None:
        """Take `count` from the unanswered SMS to `country`, if it has so many. Raises `Unavailable`."""
        self._write(
            _day_key(now),
            "ADD #open :back",
            "#open >= :count",
            {"#open": f"open_{country}"},
            {"back": -count, "count": count},
        )

    def read(self, number: str, now: int) -> SmsCounts:
        """Return the counts of a number and of the day. Without a number, only the day is read.

        The read is eventually consistent: half a unit for each item. Raises `Unavailable`.
        """
        day = _day_key(now)
        keys = [day, f"sms_to#{number}"] if number else [day]
        with unavailable("the table"):
            response = self.client.batch_get_item(
                RequestItems={self.table: {"Keys": [{"pk": {"S": key}} for key in keys]}}
            )
        if response.get("UnprocessedKeys"):
            # Without its item, a number would look like a new one, and its user could be refused.
            raise Unavailable("the table did not read all items")
        items = {item["pk"]["S"]: _numbers(item) for item in response["Responses"].get(self.table, [])}
        return SmsCounts(items.get(f"sms_to#{number}", {}), items.get(day, {}))

    def _write(
        self,
        key: str,
        update: str,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, int | str],
        returns: Literal["NONE", "ALL_OLD"] = "NONE",
    ) -> tuple[bool, Mapping[str, Any]]:
        """Return whether the condition held, and the old item if `returns` asks for it."""
        request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if names:
            # DynamoDB refuses an empty map.
            request["ExpressionAttributeNames"] = names
        accepted, response = write_if(
            self.client.update_item,
            TableName=self.table,
            Key={"pk": {"S": key}},
            UpdateExpression=update,
            ExpressionAttributeValues={f":{name}": _typed(value) for name, value in values.items()},
            ReturnValues=returns,
            **request,
        )
        return accepted, response.get("Attributes", {}) if accepted else {}


def _typed(value: int | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _numbers(item: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}


def _day_key(now: int) -> str:
    return f"sms_day#{date_of(now)}"


def _counted(message: Sms, share: DayShare) -> list[str]:
    """Return the attributes in which an SMS counts."""
    counted = ["sent", f"sent_{message.country}"]
    if not share.uses_reserve:
        counted += ["half", f"half_{message.country}"]
    if message.counts_as_unanswered and not share.is_established:
        counted.append(f"open_{message.country}")
    return counted
