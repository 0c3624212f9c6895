"""How much may a user still spend this month? What was spent and held, against what is allowed.

Money is counted in billionths of a dollar, so that sums are exact; only the edges speak of dollars.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``monthly``: billionths of a dollar a month; None: no limit. ``credit``: what may be spent beyond it, once.
    ``node_executions``: a month; None: no limit."""

    monthly: int | None
    credit: int = 0
    node_executions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Of a month. ``held``: what calls that are being made may cost at most."""

    spent: int = 0
    held: int = 0
    node_executions: int = 0

    def __add__(self, other: "Used") -> "Used":
        return Used(
            spent=self.spent + other.spent,
            held=self.held + other.held,
            node_executions=self.node_executions + other.node_executions,
        )


def nano(dollars: float) -> int:
    return round(dollars * NANO)


def dollars(nano_dollars: int) -> float:
    return nano_dollars / NANO


def shown(nano_dollars: int) -> str:
    """For people: cents, and as many digits more as a small amount needs."""
    text = f"{nano_dollars / NANO:.9f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"${whole}.{part.ljust(2, '0')}"


def month_of(now: datetime) -> str:
    """As in ``2026-11``; months begin at midnight UTC."""
    return now.astimezone(UTC).strftime("%Y-%m")


def begins(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def ends(month: str) -> datetime:
    """When the next month begins."""
    start = begins(month)
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def remaining(allowance: Allowance, used: Used) -> int | None:
    """What may be spent still, held or not; below zero where a call cost more than it held. None: no limit."""
    return None if allowance.monthly is None else allowance.monthly + allowance.credit - used.spent


def fits(allowance: Allowance, used: Used) -> bool:
    """Whether all that is held may be spent."""
    left = remaining(allowance, used)
    return left is None or used.held <= left


def missing(allowance: Allowance, used: Used, needed: int) -> int:
    """By how much what is left falls short of ``needed``; 0: it does not, and there is something left."""
    left = remaining(allowance, used)
    if left is None or (left > 0 and left >= needed):
        return 0
    return max(needed - left, 1)


def carried(allowance: Allowance, used: Used) -> int:
    """What is left of the credit after a month: what went beyond the monthly limit came out of it."""
    if allowance.monthly is None:
        return allowance.credit
    return max(0, allowance.credit - max(0, used.spent - allowance.monthly))
