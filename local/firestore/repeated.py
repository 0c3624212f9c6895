"""May one commit write a document more than once, in this way?

The writes of a document are one change of it: a later one may ask of the document only what an earlier one has made
true, whatever is stored. Statuses are those of Google's emulator.
"""

from collections.abc import Sequence

from local.firestore import errors
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.writes import Target


def check(wanted: Sequence[tuple[Message, Target]]) -> None:
    """INVALID_ARGUMENT: a write contradicts one before it."""
    last: dict[Path, Target] = {}
    versions: dict[Path, Message] = {}
    for write, target in wanted:
        precondition = write.current_document
        if target.path in last:
            _check_pair(last[target.path], write, versions.get(target.path))
        elif precondition.HasField("update_time"):
            versions[target.path] = precondition.update_time
        last[target.path] = target


def _check_pair(target: Target, later: Message, version: Message | None) -> None:
    precondition = later.current_document
    kind = precondition.WhichOneof("condition_type")
    is_deleted = target.kind == "delete"
    is_delete = later.WhichOneof("operation") == "delete"
    if kind == "exists" and precondition.exists is is_deleted:
        raise errors.invalid(
            f"{target.name} cannot be written under the condition that it {_says(precondition.exists)}: "
            f"a write before it in the same request makes sure that it {_says(not precondition.exists)}."
        )
    if kind == "update_time" and is_deleted and not is_delete:
        raise errors.invalid(f"Cannot delete then update {target.name} in the same request.")
    if kind == "update_time" and precondition.update_time != version:
        raise errors.invalid(f"Cannot collapse writes of {target.name} with different versions in one request.")


def _says(exists: bool) -> str:
    return "exists" if exists else "does not exist"
