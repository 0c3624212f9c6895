"""What does a field transform make of a field?

https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#fieldtransform. Transforms of one
write are applied in order, each to the result of the one before it.
"""

import math
from collections.abc import Sequence

from local.firestore import encoding, errors, field_paths, messages, value_rules
from local.firestore.messages import Fields, Message

_LEAST, _MOST = -(2**63), 2**63 - 1


def apply(fields: Fields, transform: Message, now: int) -> Message:
    """Change ``fields`` by one FieldTransform; the result for the client. ``now``: the commit's time in µs."""
    path = field_paths.parse_writable(transform.field_path)
    kind = transform.WhichOneof("transform_type")
    old = field_paths.find(fields, path)
    match kind:
        case "set_to_server_value":
            new = _server_value(transform, now)
        case "increment":
            new = _increment(old, transform.increment)
        case "maximum" | "minimum":
            new = _extreme(old, getattr(transform, kind), largest=kind == "maximum")
        case "append_missing_elements":
            new = _append(old, transform.append_missing_elements.values)
        case "remove_all_from_array":
            new = _remove(old, transform.remove_all_from_array.values)
        case _:
            raise errors.invalid("Operation type must be specified for field transformation.")
    result = messages.Value()  # a copy: a later transform of the same write may change the field again
    if kind in ("append_missing_elements", "remove_all_from_array"):
        result.null_value = 0
    else:
        result.CopyFrom(new)
    field_paths.make(fields, path).CopyFrom(new)
    return result


def check(field_transforms: Sequence[Message]) -> None:
    """Refuse transforms that could be made of no field, and of a field together with one below it."""
    paths = {field_paths.parse_writable(transform.field_path) for transform in field_transforms}
    for path in paths if len(paths) > 1 else ():
        if any(path[:length] in paths for length in range(1, len(path))):
            raise errors.invalid(f"Cannot transform {field_paths.render(path)} and what it is nested in at once.")
    for transform in field_transforms:
        kind = transform.WhichOneof("transform_type")
        if kind in ("increment", "maximum", "minimum"):
            _operand(getattr(transform, kind))
        elif kind in ("append_missing_elements", "remove_all_from_array"):
            for element in getattr(transform, kind).values:
                value_rules.check(element)


def _server_value(transform: Message, now: int) -> Message:
    if transform.set_to_server_value != 1:
        raise errors.invalid(f"The field transform of {transform.field_path} must set REQUEST_TIME.")
    return messages.Value(timestamp_value=messages.timestamp(now - now % 1000))  # in whole milliseconds


def _number(value: Message | None) -> int | float | None:
    kind = value.WhichOneof("value_type") if value is not None else None
    if value is None or kind not in ("integer_value", "double_value"):
        return None
    return getattr(value, kind)


def _operand(value: Message) -> int | float:
    number = _number(value)
    if number is None:
        raise errors.invalid("Input must be int64 or double.")
    return number


def _increment(old: Message | None, operand: Message) -> Message:
    number, by = _number(old), _operand(operand)
    if number is None:
        return operand
    if isinstance(number, int) and isinstance(by, int):
        return messages.Value(integer_value=min(max(number + by, _LEAST), _MOST))
    return messages.Value(double_value=float(number) + float(by))


def _extreme(old: Message | None, operand: Message, *, largest: bool) -> Message:
    number, bound = _number(old), _operand(operand)
    if old is None or number is None:
        return operand
    if math.isnan(number) or math.isnan(bound):
        return old if math.isnan(number) else operand
    is_kept = number >= bound if largest else number <= bound
    return old if is_kept else operand


def _elements(old: Message | None) -> list[Message]:
    return list(old.array_value.values) if old is not None else []


def _append(old: Message | None, added: list[Message]) -> Message:
    elements = _elements(old)
    known = {encoding.encode(element) for element in elements}
    for element in added:
        key = encoding.encode(element)
        if key not in known:
            known.add(key)
            elements.append(element)
    return messages.Value(array_value=messages.ArrayValue(values=elements))


def _remove(old: Message | None, removed: list[Message]) -> Message:
    gone = {encoding.encode(element) for element in removed}
    kept = [element for element in _elements(old) if encoding.encode(element) not in gone]
    return messages.Value(array_value=messages.ArrayValue(values=kept))
