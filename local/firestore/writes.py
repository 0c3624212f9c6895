"""What does one Write make of a document?

Pure: from the document before to the document after, or an error when a precondition does not hold. Statuses are
those of production and of Google's emulator: NOT_FOUND, ALREADY_EXISTS and FAILED_PRECONDITION.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#write
"""

from typing import NamedTuple

from google.protobuf import unknown_fields

from local.firestore import errors, field_paths, limits, messages, names, transforms
from local.firestore.messages import Message
from local.firestore.names import Path

_END_OF_TIME = 253_402_300_800_000_000  # the first microsecond of the year 10000
_VERIFY = 5  # the field number of Write.verify, which google-cloud-firestore's messages leave out


class Target(NamedTuple):
    """What a Write is about. ``kind``: update, delete, transform or verify."""

    kind: str
    name: str
    database: str
    path: Path


class State(NamedTuple):
    """A document as a Write finds it. ``document`` None: it does not exist. ``updated`` in microseconds."""

    document: Message | None
    updated: int


def target(write: Message, database: str) -> Target:
    """What ``write`` is about. INVALID_ARGUMENT: nothing, or a document of another database."""
    kind = write.WhichOneof("operation")
    if kind != "update" and (write.HasField("update_mask") or write.update_transforms):
        raise errors.invalid(f"A {kind or 'verify'} must not specify a document mask or update transforms.")
    match kind:
        case "update":
            name = write.update.name
        case "delete":
            name = write.delete
        case "transform":
            name = write.transform.document
        case _:
            kind, name = "verify", _verified(write)
    found, path = (names.split_written if kind in ("update", "transform") else names.split_document)(name)
    if found != database:
        raise errors.elsewhere(name, database)
    return Target(kind, name, found, path)


def _verified(write: Message) -> str:
    for unknown in unknown_fields.UnknownFieldSet(write):
        if unknown.field_number == _VERIFY:
            return unknown.data.decode()
    raise errors.invalid("empty write operation")


def check_precondition(write: Message, target: Target, state: State) -> None:
    """Refuse the write when its precondition does not hold."""
    precondition = write.current_document
    if precondition.HasField("update_time"):
        _check_version(precondition.update_time, target, state)
    elif precondition.HasField("exists"):
        check_existence(target.name, required=precondition.exists, exists=state.document is not None)


def _check_version(stamp: Message, target: Target, state: State) -> None:
    """A version later than the stored one is a mistake of the caller; no version is that of no document."""
    required = messages.micros(stamp)
    stored = state.updated if state.document is not None else 0
    if stamp.nanos % 1000 or not 0 <= required < _END_OF_TIME:
        raise errors.invalid("An update_time must be past the epoch, and in whole microseconds.")
    if required > stored > 0:
        raise errors.invalid(
            f"Invalid base version ({required}), it is greater than the stored version ({stored}) of {target.name}"
        )
    if required != stored:
        raise errors.failed_precondition(
            f"the stored version ({stored}) of {target.name} does not match the required base version ({required})"
        )


def check_existence(name: str, *, required: bool, exists: bool) -> None:
    """Refuse when a document that must exist does not, or the other way round."""
    if required and not exists:
        raise errors.not_found(f"No document to update: {name}")
    if exists and not required:
        raise errors.already_exists(f"Document already exists: {name}")


def apply(write: Message, target: Target, before: Message | None, now: int) -> tuple[Message | None, list[Message]]:
    """The document after ``write``, and the results of its transforms. ``now``: the commit's time in µs.

    The document ``before`` is not changed; what is returned may be it.
    """
    match target.kind:
        case "update":
            document = _update(write, target, before)
            wanted = write.update_transforms
            return document, _transform(document, wanted, now) if wanted else []
        case "delete":
            return None, []
        case "verify":
            return before, []
        case _:
            if not write.transform.field_transforms:
                raise errors.invalid(f"The transform of {target.name} has no field transforms.")
            document = _copy(before, target)
            return document, _transform(document, write.transform.field_transforms, now)


def replaces(write: Message, target: Target) -> bool:
    """Whether it leaves nothing of the document before."""
    return target.kind == "delete" or (target.kind == "update" and not write.HasField("update_mask"))


def check(write: Message, target: Target, now: int) -> None:
    """INVALID_ARGUMENT: it could not be made of any document."""
    document, _ = apply(write, target, None, now)
    if document is not None:
        limits.check_fields(document.fields, 1)


def _copy(document: Message | None, target: Target) -> Message:
    copied = messages.Document(name=target.name)
    if document is not None:
        copied.CopyFrom(document)
    return copied


def _update(write: Message, target: Target, before: Message | None) -> Message:
    if not write.HasField("update_mask"):
        document = write.update
        if write.update_transforms:  # which change it, and may have to do so again
            document = messages.Document()
            document.CopyFrom(write.update)
        document.ClearField("create_time")
        document.ClearField("update_time")
        return document
    document = _copy(before, target)
    for text in write.update_mask.field_paths:
        path = field_paths.parse_writable(text)
        value = field_paths.find(write.update.fields, path)
        if value is None:
            field_paths.remove(document.fields, path)
        else:
            field_paths.make(document.fields, path).CopyFrom(value)
    return document


def _transform(document: Message, field_transforms: list[Message], now: int) -> list[Message]:
    if len(field_transforms) > limits.MAX_TRANSFORMS:
        raise errors.invalid(
            f"The write to {document.name} has {len(field_transforms)} field transforms; "
            f"the maximum is {limits.MAX_TRANSFORMS} per document."
        )
    return [transforms.apply(document.fields, transform, now) for transform in field_transforms]
