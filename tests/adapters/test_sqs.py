"""The queues of codes and notices: the first destination selects one, and each message has its id."""

from dataclasses import dataclass

import pytest

from passcode.adapters.sqs import SqsQueue, SqsQueues
from passcode.channels.channel import Destination
from passcode.channels.registry import CHANNELS
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import ADDRESSES

QUEUES = {"email": "email.fifo", "sms": "phone.fifo"}


@dataclass(frozen=True)
class Message:
    """A message to the channels with these names."""

    channels: tuple[str, ...]
    id: str = "00112233445566778899aabbccddeeff-1767225600"

    @property
    def destinations(self) -> tuple[Destination, ...]:
        return tuple(Destination(CHANNELS[name], ADDRESSES[name]) for name in self.channels)

    def pack(self) -> str:
        return " ".join(self.channels)


def queues(email: RecordingClient, phone: RecordingClient) -> SqsQueues:
    return SqsQueues(SqsQueue(email, "email.fifo"), SqsQueue(phone, "phone.fifo"))


@pytest.mark.parametrize("channels", [("email",), ("sms",), ("email", "sms"), ("sms", "email")])
def test_the_channel_of_the_first_destination_selects_the_queue(channels: tuple[str, ...]) -> None:
    client = RecordingClient()
    message = Message(channels)
    queues(client, client).put(message)
    assert client.sent("send_message") == [
        {
            "QueueUrl": QUEUES[channels[0]],
            "MessageBody": message.pack(),
            "MessageGroupId": message.id,
            "MessageDeduplicationId": message.id,
        }
    ]


def test_every_channel_has_a_queue() -> None:
    """Those that are billed by country have the queue of phones."""
    assert {name: channel.billed_by_country for name, channel in CHANNELS.items()} == {
        "email": False,
        "sms": True,
        "voice": True,
    }


def test_a_queue_that_refuses_a_message_is_unavailable_and_the_other_one_is_not() -> None:
    down, up = RecordingClient(send_message=refused_by_aws("RequestThrottled")), RecordingClient()
    with pytest.raises(Unavailable):
        queues(down, up).put(Message(("email",)))
    queues(down, up).put(Message(("sms",)))
    assert len(up.sent("send_message")) == 1


@pytest.mark.parametrize("name", ["email", "phone"])
def test_the_check_asks_both_queues(name: str) -> None:
    clients = {"email": RecordingClient(), "phone": RecordingClient()}
    queues(**clients).check()
    assert [client.sent("get_queue_attributes")[0]["QueueUrl"] for client in clients.values()] == [
        "email.fifo",
        "phone.fifo",
    ]
    clients[name] = RecordingClient(get_queue_attributes=refused_by_aws("AccessDenied"))
    with pytest.raises(Unavailable):
        queues(**clients).check()


def test_an_answer_without_an_id_does_not_say_that_the_queue_has_the_message() -> None:
    client = RecordingClient({"send_message": {}})
    with pytest.raises(Unavailable) as raised:
        queues(client, client).put(Message(("email",)))
    assert not raised.value.nothing_was_done
