"""The functions' own rules, so that what an operator reads is what a user meets.

Inside Lambda the root of imports is `triggers/`; here it has to be made one.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "triggers"))

from adapters.phone import country_for_sms
from token_service.policy import Policy
from token_service.throttle import answer_wait, send_wait

__all__ = ["Policy", "answer_wait", "country_for_sms", "send_wait"]
