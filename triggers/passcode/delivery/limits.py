"""The limits of all gateways. A gateway knows no limit, so that a new one is one file."""

from collections.abc import Callable, Mapping

from passcode.delivery.gateway import Gateway

Limit = Callable[[Gateway], Gateway]


def limit_gateways(
    gateways: Mapping[str, Gateway], *, by_country: Limit, by_day: Limit
) -> dict[str, Gateway]:
    """Return the gateways by name, each with its limits.

    `by_country` limits a gateway whose channel is billed by country, `by_day` one whose channel has a daily
    cap.
    """
    return {name: _limited(gateway, by_country, by_day) for name, gateway in gateways.items()}


def _limited(gateway: Gateway, by_country: Limit, by_day: Limit) -> Gateway:
    if gateway.channel.billed_by_country:
        return by_country(gateway)
    return by_day(gateway) if gateway.channel.has_daily_cap else gateway
