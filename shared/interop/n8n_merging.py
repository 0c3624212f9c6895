"""What does a Merge of n8n become? What needs all items of its inputs gathers them first.

https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.merge/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.interop.n8n_conditions import listed
from shared.interop.n8n_fragments import Builder, End, as_object
from shared.interop.n8n_terms import Untranslated

MAX_INPUTS = 10

_JOINS: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("keepMatches", "both"): ("inner", ("merged",)),
    ("enrichInput1", "both"): ("left", ("merged",)),
    ("keepEverything", "both"): ("outer", ("merged",)),
    ("keepNonMatches", "both"): ("inner", ("left_only", "right_only")),
    ("keepNonMatches", "input1"): ("inner", ("left_only",)),
    ("keepNonMatches", "input2"): ("inner", ("right_only",)),
}
"""What is kept, and of which input -> the join here, and the pins that have it."""
_ALL = (
    "[{% for x in a %}{% set first = loop.first %}{% for y in b %}{{ '' if first and loop.first else ',' }}"
    "{{ dict(OVER)|tojson }}{% endfor %}{% endfor %}]"
)


def merge(builder: Builder) -> None:
    mode = builder.take("mode") or "append"
    how = builder.take("combineBy", "combinationMode")
    if mode == "append":
        _append(builder)
    elif mode == "mergeByIndex" or (mode == "combine" and how in ("combineByPosition", "mergeByPosition")):
        _by_position(builder)
    elif mode == "mergeByKey" or (mode == "combine" and how in (None, "combineByFields", "mergeByFields")):
        _by_fields(builder)
    elif mode == "multiplex" or (mode == "combine" and how in ("combineAll", "multiplex")):
        _all_pairs(builder)
    elif mode in ("chooseBranch", "wait", "passThrough"):
        _choose(builder)
    else:
        raise Untranslated(f"the mode {mode}{f', {how},' if how else ''} has no counterpart")


def _append(builder: Builder) -> None:
    """The items of the first input, then those of the second: where that keeps each together with the items of the
    nodes before that are spoken of later, and else as they come."""
    count = builder.take("numberInputs")
    builder.options()
    inputs = range(count if isinstance(count, int) and 2 <= count <= MAX_INPUTS else 2)
    if builder.node.pairs:
        id_ = builder.add("", "PRINT_TO_CONSOLE")
        for number in inputs:
            builder.takes(id_, "text", number)
        builder.sends(0, (id_, "output"))
        return
    _each(builder, [(_gather(builder, number), "items") for number in inputs])


def _by_position(builder: Builder) -> None:
    options = builder.options("clashHandling", "includeUnpaired", "fuzzyCompare")
    over = ("entries", "dictionary") if _first_wins(options) else ("dictionary", "entries")
    if not options.get("includeUnpaired"):
        id_ = builder.add("", "ADD_TO_DICTIONARY")
        for number, pin in enumerate(over):
            builder.takes(id_, pin, number)
        builder.sends(0, (id_, "updated_dictionary"))
        return
    zipped = builder.add("pairs", "ZIP_LISTS", {"pad_to_longest": True, "fill_value": {}})
    for number in range(2):
        builder.link((_gather(builder, number), "items"), (zipped, f"lists_$_{number}"))
    each = builder.add("each pair", "STEP_THROUGH_ITEMS")
    builder.link((zipped, "zipped_list"), (each, "items"))
    id_ = builder.add("", "ADD_TO_DICTIONARY")
    for number, pin in enumerate(over):
        builder.link((each, f"item_$_{number}"), (id_, pin))
    builder.sends(0, (id_, "updated_dictionary"))


def _all_pairs(builder: Builder) -> None:
    options = builder.options("clashHandling", "fuzzyCompare")
    over = "y, **x" if _first_wins(options) else "x, **y"
    made = builder.add("pairs", "FILL_TEXT_TEMPLATE", {"format": _ALL.replace("OVER", over)})
    for number, name in enumerate("ab"):
        builder.link((_gather(builder, number), "items"), (made, f"values_#_{name}"))
    each = builder.add("", "STEP_THROUGH_ITEMS")
    builder.link((made, "output"), (each, "items"))
    builder.sends(0, (each, "item"))


def _choose(builder: Builder) -> None:
    chosen = builder.take("useDataOfInput", "output")
    builder.take("chooseBranchMode")
    builder.options()
    id_ = builder.add("", "CREATE_LIST")
    for number in range(2):
        builder.takes(id_, f"values_$_{number}", number)
    builder.sends(0, (id_, f"list_$_{1 if str(chosen) in ('2', 'input2') else 0}"))


def _by_fields(builder: Builder) -> None:
    left, right = _fields(builder)
    kept = str(builder.take("joinMode") or "keepMatches")
    of = str(builder.take("outputDataFrom") or "both")
    join = _JOINS.get((kept, "both" if kept in ("enrichInput1", "keepEverything") else of))
    if join is None:
        raise Untranslated(f"{kept} with the items of {of} has no counterpart")
    options = builder.options("clashHandling", "multipleMatches", "fuzzyCompare", "disableDotNotation")
    if _first_wins(options) or options.get("multipleMatches") == "first" or options.get("disableDotNotation"):
        raise Untranslated("joining with these options has no counterpart")
    builder.take("advanced")
    gathered = [_gather(builder, number) for number in range(2)]
    merged = builder.add("merged", "MERGE_BY_FIELD", {"field": left, "right_field": right, "join": join[0]})
    for id_, pin in zip(gathered, ("left", "right"), strict=True):
        builder.link((id_, "items"), (merged, pin))
    _each(builder, [(merged, pin) for pin in join[1]])


def _gather(builder: Builder, number: int) -> str:
    id_ = builder.add(f"all of {number + 1}", "GATHER")
    builder.takes(id_, "item", number)
    return id_


def _each(builder: Builder, lists: Sequence[End]) -> None:
    """The elements of lists, one after the other: the node that stands for the whole."""
    [end, *more] = lists
    if more:
        joined = builder.add("together", "CONCATENATE_LISTS")
        for number, one in enumerate(lists):
            builder.link(one, (joined, f"lists_$_{number}"))
        end = (joined, "concatenated_list")
    each = builder.add("", "STEP_THROUGH_ITEMS")
    builder.link(end, (each, "items"))
    builder.sends(0, (each, "item"))


def _first_wins(options: Mapping[str, Any]) -> bool:
    """Whether the first input's fields go over those of the second that have the same name."""
    values = as_object(as_object(options.get("clashHandling")).get("values"))
    how = values.get("resolveClash")
    if how == "addSuffix" or values.get("overrideEmpty") or values.get("mergeMode") not in (None, "deepMerge"):
        raise Untranslated("this way to resolve clashes has no counterpart")
    return how == "preferInput1"


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
