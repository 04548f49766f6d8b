"""Compute the time and the price of each function by memory size, and of SnapStart, from measured CPU time.

Lambda gives a function CPU time in proportion to its memory: one vCPU at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). The functions use one thread, so
more memory than that does not help. Lambda bills the start together with the first event
(https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/), and rounds up each
invocation to a millisecond. Nothing here was measured on Lambda. An assumption: a vCPU is as fast as a core
of the measuring machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from tools.artefacts.cost import COLD, MONTH_SECONDS
from tools.artefacts.prices import each
from tools.lambda_functions import FUNCTIONS

VCPU_MB = 1_769
SIZES = (128, 256, 512, 1_024, VCPU_MB)
# Assumptions: the seconds that a function waits for one call of AWS.
_WAIT = 0.010
_WAITS = {"SendEmail": 0.150}
# Lambda stops a start after ten seconds, and repeats it in the first invocation.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
_START_LIMIT = 10.0
# A size must have this multiple of the measured memory, because Lambda's runtime needs memory too. A cold
# start must end in this part of the time-out and of the limit, because Lambda's processors can be slower than
# the measuring machine.
_SPARE_MEMORY = 1.5
_PART_OF_LIMITS = 0.5


@dataclass(frozen=True)
class MeasuredFunction:
    """The measured figures of a function. CPU times are in seconds.

    `start_cpu` ends when the handler is ready, `first_cpu` is that of the first event, and `warm_cpu` that of
    a later one. `calls` are the operations of one event. `time_out` is in seconds.
    """

    name: str
    start_cpu: float
    first_cpu: float
    warm_cpu: float
    memory_mb: float
    calls: Sequence[str]
    time_out: float

    @property
    def wait(self) -> float:
        """The seconds that one event waits for AWS."""
        return sum(_WAITS.get(operation, _WAIT) for operation in self.calls)

    def cold(self, size: int) -> float:
        """Return the seconds of a start and the first event with `size` MB."""
        return seconds(self.start_cpu + self.first_cpu, size) + self.wait

    def warm(self, size: int) -> float:
        """Return the seconds of a warm invocation with `size` MB."""
        return seconds(self.warm_cpu, size) + self.wait

    def price(self, size: int) -> float:
        """Return the price of an invocation in USD, with the usual share of cold starts."""
        time = COLD * billed(self.cold(size)) + (1 - COLD) * billed(self.warm(size))
        return each("lambda_request") + size / 1_024 * time * each("lambda_gb_second")

    def fits(self, size: int) -> bool:
        """Return whether the function has enough memory, and starts early enough, with `size` MB."""
        return (
            size >= _SPARE_MEMORY * self.memory_mb
            and seconds(self.start_cpu, size) <= _PART_OF_LIMITS * _START_LIMIT
            and self.cold(size) <= _PART_OF_LIMITS * self.time_out
        )

    @property
    def cheapest(self) -> int:
        """The size with the lowest price of those that fit."""
        return min((size for size in SIZES if self.fits(size)), key=self.price)

    @property
    def chosen(self) -> int:
        """The size for template.yaml: one vCPU if a user waits for the function, else the cheapest one.

        docs/decisions/0046 has the reasons.
        """
        return VCPU_MB if FUNCTIONS[self.name].is_awaited else self.cheapest


def seconds(cpu: float, size: int) -> float:
    """Return the seconds that `cpu` seconds of CPU time take on one thread, with `size` MB."""
    return cpu / min(size / VCPU_MB, 1)


def billed(time: float) -> float:
    """Return the seconds that Lambda bills: the time rounded up to a millisecond."""
    # The inner rounding removes the error of floating-point sums: 0.3 + 0.02 s are 320 ms and not 321.
    return ceil(round(time * 1_000, 6)) / 1_000


def snapstart_cold(function: MeasuredFunction, size: int) -> float:
    """Return the seconds of a first event with SnapStart, without the restore."""
    return seconds(function.first_cpu, size) + function.wait


def start_price(function: MeasuredFunction, size: int) -> float:
    """Return the price of the start alone in USD, which SnapStart saves."""
    return size / 1_024 * seconds(function.start_cpu, size) * each("lambda_gb_second")


def restore_price(size: int) -> float:
    """Return the price of one restore in USD."""
    return size / 1_024 * each("snapstart_restored_gb")


def cache_price(size: int) -> float:
    """Return the price of one version in SnapStart's cache for a month, in USD."""
    return size / 1_024 * MONTH_SECONDS * each("snapstart_cached_gb_second")
