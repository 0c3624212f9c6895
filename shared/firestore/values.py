"""How do block values and labels lie in documents? As JSON text.

Firestore has no arrays within arrays, orders maps by key and indexes what it can; a text in an exempted field has
none of this, and costs its length. Non-finite numbers are written as Python's json does (``Infinity``).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import labels
from shared.domain.records import Failure, Output, Token


def dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def load(text: str) -> Any:
    return json.loads(text)


def dump_label(label: labels.Label) -> Any:
    return [list(component) for component in label]


def load_label(label: Sequence[Sequence[int]]) -> labels.Label:
    return tuple((number, kind) for number, kind in label)


def dump_tokens(tokens: Mapping[str, Token]) -> dict[str, Any]:
    """Pin -> ``[label, link, value]``, and where it is stored if it is."""
    return {
        pin: [dump_label(t.label), t.link, t.value, *([t.stored] if t.stored else [])] for pin, t in tokens.items()
    }


def load_tokens(tokens: Mapping[str, Sequence[Any]]) -> dict[str, Token]:
    return {
        pin: Token(label=load_label(t[0]), link=t[1], value=t[2], stored=t[3] if len(t) > 3 else None)
        for pin, t in tokens.items()
    }


def dump_outputs(outputs: Sequence[Output]) -> str:
    """``[[pin, value], …]``, and where it is stored if it is."""
    return dump([[o.pin, *([None, o.stored] if o.stored else [o.value])] for o in outputs])


def load_outputs(text: str) -> list[Output]:
    return [Output(pin=o[0], value=o[1], stored=o[2] if len(o) > 2 else None) for o in load(text)]


def dump_constants(constants: Mapping[str, Output]) -> str:
    """Node id -> ``[value]``, and where it is stored if it is."""
    return dump({node_id: [None, o.stored] if o.stored else [o.value] for node_id, o in constants.items()})


def load_constants(text: str) -> dict[str, Output]:
    return {
        node_id: Output(pin="result", value=o[0], stored=o[1] if len(o) > 1 else None)
        for node_id, o in load(text).items()
    }


def dump_failure(failure: Failure) -> dict[str, str]:
    fields = {
        "reason": failure.reason,
        "message": failure.message,
        "node_id": failure.node_id,
        "node_execution_id": failure.node_execution_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def load_failure(failure: Mapping[str, str] | None) -> Failure | None:
    return Failure(**failure) if failure else None  # type: ignore[arg-type]
