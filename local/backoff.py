"""How long does Google wait between tries? Doubled so many times, then growing by steps, then at the most.

Cloud Tasks and Cloud Scheduler have one rule:
https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
"""


def delay(smallest: float, largest: float, max_doublings: int, failures: int) -> float:
    """Seconds to wait after the ``failures``-th failure (from 1): doubled ``max_doublings`` times from ``smallest``,
    then growing by that last step each time, and never over ``largest``.

    10 s, 300 s and 3 doublings give 10, 20, 40, 80, 160, 240, 300, 300 (the page's own example).
    """
    doublings = min(failures - 1, max_doublings)
    linear_steps = max(0, failures - 1 - max_doublings)
    return min(largest, smallest * 2.0**doublings * (linear_steps + 1))
