"""All claims, in the order in which they are tried."""

from tools.first_account.claim import Claim
from tools.first_account.claims import (
    certificates,
    gateway,
    hosted,
    mail,
    messages,
    passwords,
    pool,
    sessions,
    templates,
    tokens,
    unknown_users,
    users,
    waf,
)

CLAIMS: tuple[Claim, ...] = (
    *passwords.CLAIMS,
    *users.CLAIMS,
    *unknown_users.CLAIMS,
    *tokens.CLAIMS,
    *sessions.CLAIMS,
    *pool.CLAIMS,
    *certificates.CLAIMS,
    *templates.CLAIMS,
    *hosted.CLAIMS,
    *gateway.CLAIMS,
    *waf.CLAIMS,
    *mail.CLAIMS,
    *messages.CLAIMS,
)
