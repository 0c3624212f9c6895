"""What time is it, and what is a fresh id? The one place that asks the machine.

Everything else takes the time, ids and randomness as arguments, so that tests decide them.
"""

import secrets
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward."""
    return time.monotonic()


def random_id() -> str:
    """128 random bits as 26 characters of Crockford-like base 32, lower case: safe in URLs and paths."""
    number = secrets.randbits(130)
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[(number >> shift) & 31] for shift in range(125, -1, -5))


def random_bytes(count: int) -> bytes:
    """What nobody can guess: keys, nonces, secrets."""
    return secrets.token_bytes(count)
