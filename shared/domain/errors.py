"""Which errors are there, and what does each mean to a caller?

    WeftlyError                     code  status                reason (default)
    ├── InvalidArgument             400   INVALID_ARGUMENT      INVALID_ARGUMENT
    ├── Unauthenticated             401   UNAUTHENTICATED       UNAUTHENTICATED
    ├── CreditSpent                 402   FAILED_PRECONDITION   CREDIT_SPENT
    ├── PermissionDenied            403   PERMISSION_DENIED     PERMISSION_DENIED
    ├── NotFound                    404   NOT_FOUND             NOT_FOUND
    ├── MethodNotAllowed            405   UNIMPLEMENTED         METHOD_NOT_ALLOWED
    ├── Conflict                    409   ALREADY_EXISTS        CONFLICT
    ├── EtagMismatch                412   FAILED_PRECONDITION   ETAG_MISMATCH
    ├── BodyTooLarge                413   INVALID_ARGUMENT      BODY_TOO_LARGE
    ├── TooManyRequests             429   RESOURCE_EXHAUSTED    RATE_LIMIT_EXCEEDED
    ├── Internal                    500   INTERNAL              INTERNAL
    ├── BadGateway                  502   UNAVAILABLE           UPSTREAM_FAILED
    ├── Unavailable                 503   UNAVAILABLE           UNAVAILABLE
    └── GatewayTimeout              504   DEADLINE_EXCEEDED     UPSTREAM_TIMEOUT
    BlockError                      a node execution failed, for a reason that another attempt does not change
    └── Retryable                   another attempt may help, ``after`` seconds at the earliest

A ``WeftlyError`` answers a request, in the form of AIP-193 (https://google.aip.dev/193); ``reason`` is stable
and in UPPER_SNAKE_CASE, so that programs may branch on it. A ``BlockError`` never leaves an execution: it
becomes the ``error`` of a node execution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a request: where (``links[0].sink_id``), and what to do about it."""

    field: str
    description: str


@dataclass
class WeftlyError(Exception):
    """``message`` says what happened, to which resource, and what to do; ``metadata`` has it in parts."""

    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    violations: Sequence[Violation] = ()
    retry_after: float | None = None

    code: ClassVar[int] = 500
    status: ClassVar[str] = "INTERNAL"
    default_reason: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self.reason = self.reason or self.default_reason
        Exception.__init__(self, self.message)


class InvalidArgument(WeftlyError):
    code, status, default_reason = 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"


def invalid(problem: str, violations: Sequence[Violation], *, reason: str = "") -> InvalidArgument:
    """Its message says the ``problem``, such as ``The graph is not valid``, and the first of the violations."""
    first, more = violations[0], len(violations) - 1
    message = f"{problem}: {first.field}: {first.description}{f' (and {more} more)' if more else ''}"
    return InvalidArgument(message, reason, violations=violations)


class Unauthenticated(WeftlyError):
    code, status, default_reason = 401, "UNAUTHENTICATED", "UNAUTHENTICATED"


class CreditSpent(WeftlyError):
    code, status, default_reason = 402, "FAILED_PRECONDITION", "CREDIT_SPENT"


class PermissionDenied(WeftlyError):
    code, status, default_reason = 403, "PERMISSION_DENIED", "PERMISSION_DENIED"


class NotFound(WeftlyError):
    code, status, default_reason = 404, "NOT_FOUND", "NOT_FOUND"


class MethodNotAllowed(WeftlyError):
    code, status, default_reason = 405, "UNIMPLEMENTED", "METHOD_NOT_ALLOWED"


class Conflict(WeftlyError):
    code, status, default_reason = 409, "ALREADY_EXISTS", "CONFLICT"


class EtagMismatch(WeftlyError):
    code, status, default_reason = 412, "FAILED_PRECONDITION", "ETAG_MISMATCH"


class BodyTooLarge(WeftlyError):
    code, status, default_reason = 413, "INVALID_ARGUMENT", "BODY_TOO_LARGE"


class TooManyRequests(WeftlyError):
    code, status, default_reason = 429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"
    retryable = True


class Internal(WeftlyError):
    pass


class BadGateway(WeftlyError):
    code, status, default_reason = 502, "UNAVAILABLE", "UPSTREAM_FAILED"
    retryable = True


class Unavailable(WeftlyError):
    code, status, default_reason = 503, "UNAVAILABLE", "UNAVAILABLE"
    retryable = True


class GatewayTimeout(WeftlyError):
    code, status, default_reason = 504, "DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT"
    retryable = True


class BlockError(Exception):
    """A block cannot do what it was asked. The message goes to the user, and to the ``error`` pin."""

    def __init__(self, message: str, *, reason: str = "BLOCK_FAILED") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class Retryable(BlockError):
    """Another attempt may help: 429, 5xx, timeouts. ``after``: seconds to wait at least (Retry-After)."""

    def __init__(self, message: str, *, after: float | None = None, reason: str = "BLOCK_FAILED") -> None:
        super().__init__(message, reason=reason)
        self.after = after
