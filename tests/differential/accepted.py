"""Where may the local Firestore answer otherwise than Google's emulator, and why is that right?"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.operations import Operation
from tests.differential.server import Answer, Failure

CHANGING = frozenset(("Commit", "BatchWrite", "CreateDocument", "UpdateDocument", "DeleteDocument", "race"))
"""Methods after which documents may differ, if their answers do."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference. ``why``: how production answers, and where that is written."""

    name: str
    why: str
    covers: Callable[[Operation, Answer, Answer], bool]


def _ignores_mask(operation: Operation, ours: Answer, googles: Answer) -> bool:
    request = operation.request
    if not (operation.method == "ListDocuments" and request.get("show_missing") and "mask" in request):
        return False
    if isinstance(ours, Failure) or isinstance(googles, Failure):
        return False
    return [(name, *times) for name, _, *times in ours] == [(name, *times) for name, _, *times in googles]


def _skips_otherwise(operation: Operation, ours: Answer, googles: Answer) -> bool:
    if operation.method != "RunQuery" or isinstance(ours, Failure) or isinstance(googles, Failure):
        return False
    return ours[0] == googles[0]


def _appends_array(operation: Operation, ours: Answer, googles: Answer) -> bool:
    return isinstance(ours, Failure) and ours.message.startswith(
        ("Cannot convert an array", "Cannot convert a vector")
    )


_REFUSALS = frozenset(("INVALID_ARGUMENT", "FAILED_PRECONDITION"))


def _has_two_faults(operation: Operation, ours: Answer, googles: Answer) -> bool:
    if operation.method not in ("RunQuery", "RunAggregationQuery", "sync"):
        return False
    if operation.method == "sync" and isinstance(ours, tuple) and isinstance(googles, tuple):
        return ours[1] == googles[1] and [_refused(*one) for one in ours[0]] == [_refused(*one) for one in googles[0]]
    return isinstance(ours, Failure) and isinstance(googles, Failure) and {ours.code, googles.code} <= _REFUSALS


def _refused(target_id: int, failure: Failure) -> tuple[int, bool]:
    return target_id, failure.code in _REFUSALS


DIFFERENCES = (
    Accepted(
        "the emulator fails",
        "UNKNOWN and INTERNAL are exceptions inside the emulator, not answers; "
        "https://cloud.google.com/firestore/docs/reference/rpc/google.rpc#google.rpc.Code",
        lambda operation, ours, googles: isinstance(googles, Failure) and googles.code in ("UNKNOWN", "INTERNAL"),
    ),
    Accepted(
        "a mask beside show_missing",
        "The emulator sends all fields then; documents come with those of the mask: "
        "https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#listdocumentsrequest",
        _ignores_mask,
    ),
    Accepted(
        "another fault of a refused query",
        "Of several rules that a query breaks either may be named first; two array filters beside others, and walks "
        "backwards by name, are told by different codes: "
        "https://firebase.google.com/docs/firestore/query-data/queries#limitations",
        _has_two_faults,
    ),
    Accepted(
        "an array in an array by a transform",
        "The emulator appends it unseen; no array holds an array: "
        "https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#value",
        _appends_array,
    ),
    Accepted(
        "a document of another database",
        "The emulator reads and writes it; a request fails for a name that is not below its database: "
        "https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#batchgetdocumentsrequest",
        lambda operation, ours, googles: (
            isinstance(ours, Failure) and ours.message.find("is not in the database") > 0
        ),
    ),
    Accepted(
        "a request of more than 4 MiB",
        "The emulator's transport takes no more; a request may have 10 MiB: "
        "https://firebase.google.com/docs/firestore/quotas#writes_and_transactions",
        lambda operation, ours, googles: isinstance(googles, Failure) and googles.code == "RESOURCE_EXHAUSTED",
    ),
    Accepted(
        "results skipped unsaid",
        "The emulator counts none when it walks a collection group by name, and numeric ids twice; ours counts each: "
        "https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#runqueryresponse",
        _skips_otherwise,
    ),
)


def reason(operation: Operation, ours: Answer, googles: Answer) -> Accepted | None:
    """The accepted difference that this one is, if it is any."""
    return next((one for one in DIFFERENCES if one.covers(operation, ours, googles)), None)
