"""A queue in memory that drops a repeat, as the FIFO queue of the stack does for five minutes."""

from dataclasses import dataclass, field

from passcode.delivery.envelope import Delivery


@dataclass
class FifoQueue:
    """The deliveries that the queue took, by their ids. Threads may use it."""

    taken: dict[str, Delivery] = field(default_factory=dict)

    def put(self, delivery: Delivery) -> None:
        """Take a delivery, unless it has the id of another one."""
        self.taken.setdefault(delivery.id, delivery)

    def clear(self) -> None:
        """Remove all deliveries."""
        self.taken.clear()

    def __len__(self) -> int:
        """Return the number of deliveries."""
        return len(self.taken)
