"""What does a Merge of n8n become that joins the items of its inputs by a field? All of both, gathered, then joined.

https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.merge/
"""

from collections.abc import Mapping
from typing import Any

from shared.interop.n8n_conditions import listed
from shared.interop.n8n_fragments import Builder, as_object
from shared.interop.n8n_terms import Untranslated

_JOINS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("keepMatches", "both"): ("inner", "merged"),
    ("enrichInput1", "both"): ("left", "merged"),
    ("keepEverything", "both"): ("outer", "merged"),
    ("keepNonMatches", "input1"): ("inner", "left_only"),
    ("keepNonMatches", "input2"): ("inner", "right_only"),
}
"""What is kept, and of which input -> the join here, and the pin that has it."""


def by_fields(builder: Builder) -> None:
    left, right = _fields(builder)
    kept = str(builder.take("joinMode") or "keepMatches")
    of = str(builder.take("outputDataFrom") or "both")
    join = _JOINS.get((kept, "both" if kept in ("enrichInput1", "keepEverything") else of))
    if join is None:
        raise Untranslated(f"{kept} with the items of {of} has no counterpart")
    builder.take("advanced")
    gathers = [builder.add(word, "GATHER") for word in ("left", "right")]
    for number, gather in enumerate(gathers):
        builder.takes(gather, "item", number)
    merged = builder.add("merged", "MERGE_BY_FIELD", {"field": left, "right_field": right, "join": join[0]})
    for gather, pin in zip(gathers, ("left", "right"), strict=True):
        builder.link((gather, "items"), (merged, pin))
    each = builder.add("", "STEP_THROUGH_ITEMS")
    builder.link((merged, join[1]), (each, "items"))
    builder.sends(0, (each, "item"))


def _fields(builder: Builder) -> tuple[str, str]:
    """The field of the left and of the right, in the shapes of the versions."""
    both = builder.take("fieldsToMatchString")
    older: list[Any] = [builder.take("propertyName1"), builder.take("propertyName2")]
    several = list(listed(as_object(builder.take("mergeByFields")).get("values")))
    if len(several) == 1:
        older = [several[0].get("field1"), several[0].get("field2")]
    elif several:
        raise Untranslated("joining by several fields has no counterpart")
    left, right = [both, both] if isinstance(both, str) and both else older
    if not all(isinstance(one, str) and one and not one.startswith("=") and "," not in one for one in (left, right)):
        raise Untranslated("it names no field, or several, or one that is computed")
    return str(left), str(right)
