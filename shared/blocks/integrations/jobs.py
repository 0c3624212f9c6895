"""How does a block wait for a job that a service works on for minutes, without holding a function?

It begins the job, suspends with the job's id, and looks again at each resumption. A second run of the beginning,
after a crash, begins a second job: nobody hears of the first.
"""

from typing import Any

from shared.blocks.block import Context, Delay, Suspended
from shared.domain import errors

AN_HOUR = 3600.0
_EASING = 1.3
_LONGEST_PAUSE = 60.0


def begun(context: Context) -> Any:
    """What ``wait`` was given at first; None where the job is still to be begun."""
    return None if context.resumption is None else context.resumption["state"]["job"]


def wait(context: Context, job: Any, *, seconds: float, what: str, at_most: float = AN_HOUR) -> Suspended:
    """To be raised: looks again in ``seconds`` at first, then less and less often. BlockError, reason
    ``SERVICE_TIMEOUT``, where ``what`` ("The crawl") has taken longer than ``at_most``. ``job``: JSON without
    secrets."""
    before = context.resumption["state"] if context.resumption else {}
    now = context.now().timestamp()
    since = before.get("since", now)
    if now - since > at_most:
        raise errors.BlockError(
            f"{what} is not ready after {at_most / 60:.0f} minutes: look at the service, or ask for less",
            reason="SERVICE_TIMEOUT",
        )
    pause = min(before.get("pause", seconds / _EASING) * _EASING, _LONGEST_PAUSE)
    return Suspended(Delay(seconds=pause, state={"job": job, "since": since, "pause": pause}))
