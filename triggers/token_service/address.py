"""Who an address is, for those who are known by nothing else. No address is ever part of a key or a token.

Both names are keyed with the deployment's salt: a plain hash gives phone numbers away.
"""

import hashlib
import hmac

from passcode.channels.channel import Channel, Destination


def exactly(destination: Destination, salt: str) -> str:
    """32 hex digits for this very address: who a proof is about.

    Letter case and tags count (RFC 5321 leaves them to the receiving host): a proof for one mailbox must not
    pass for another one.
    """
    return keyed(f"{destination.channel.value}:{destination.value}", salt)


def counted(destination: Destination, salt: str) -> str:
    """32 hex digits for the mailbox behind the address: whose guesses and messages are counted.

    Most hosts ignore letter case and the tag after a plus, so `Ann+1@` and `ann+2@` are one budget, not many.
    """
    if destination.channel is Channel.SMS:
        return exactly(destination, salt)
    name, _, host = destination.value.lower().partition("@")
    return keyed(f"mailbox:{name.partition('+')[0] or name}@{host}", salt)


def keyed(text: str, salt: str) -> str:
    """32 hex digits that nobody without the salt can compute."""
    return hmac.digest(salt.encode(), text.encode(), hashlib.sha256).hex()[:32]
