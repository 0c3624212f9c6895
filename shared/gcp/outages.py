"""Is this error Google Cloud's, and will it pass? What is worth another try is told apart from our own faults."""

from google.api_core import exceptions

from shared.domain import errors

PASSING = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.BadGateway,
    exceptions.GatewayTimeout,
    exceptions.TooManyRequests,
    exceptions.Aborted,
    exceptions.RetryError,
)


def unavailable(error: Exception) -> errors.Unavailable | None:
    """What the caller is told of a service of Google Cloud that did not do its part; None: it is something else."""
    if not isinstance(error, PASSING):
        return None
    return errors.Unavailable(
        f"A service that this one needs did not answer ({type(error).__name__}); try again.", retry_after=1
    )
