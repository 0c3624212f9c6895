"""Which nodes of n8n have a counterpart here, and which one? A function for each, by its kind.

What the nodes do: https://docs.n8n.io/integrations/builtin/node-types/
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from shared.interop import n8n_conditions, n8n_expressions, n8n_merging, n8n_terms
from shared.interop.n8n_conditions import listed
from shared.interop.n8n_fragments import Builder, End, as_object, wrapped
from shared.interop.n8n_names import Names
from shared.interop.n8n_terms import Untranslated

Translate = Callable[[Builder], None]

TRIGGERS: Mapping[str, Any] = {
    "manualTrigger": {},
    "start": {},
    "scheduleTrigger": {},
    "cron": {},
    "interval": {},
    "executeWorkflowTrigger": {},
    "formTrigger": {},
    "webhook": {"headers": {}, "params": {}, "query": {}, "body": {}},
}
"""Kinds of nodes with which a workflow begins, and the item that each begins with where a run gives none."""

LOOP = "splitInBatches"
MAX_SWITCH = 20
NOTE = "stickyNote"
ANSWER = "respondToWebhook"


def nothing(builder: Builder) -> None:
    """A node that sends on what comes in."""
    id_ = builder.add("", "PRINT_TO_CONSOLE")
    builder.takes(id_, "text")
    builder.sends(0, (id_, "output"))


def _loop(builder: Builder) -> None:
    """Each item goes its own way already: the loop's body runs once for each, and what comes back is what is done."""
    size = builder.take("batchSize")
    builder.options()
    if size not in (None, 1):
        builder.made.notes["batchSize"] = "Items go one by one."
    end = builder.add("", "PRINT_TO_CONSOLE"), "output"
    builder.takes(end[0], "text")
    builder.sends(1 if builder.node.version >= 3 else 0, end)
    builder.sends(0 if builder.node.version >= 3 else 1)


def _set(builder: Builder) -> None:
    """Set, called Edit Fields now: the new fields as one JSON object, beside or instead of those that come."""
    if builder.take("mode") == "raw":
        entries = raw_json(builder, "fields", builder.take("jsonOutput"))
    else:
        entries = builder.json("fields", _fields(builder))
    if _keeps_others(builder):
        id_ = builder.add("", "ADD_TO_DICTIONARY")
        builder.takes(id_, "dictionary")
        builder.link(entries, (id_, "entries"))
        builder.sends(0, (id_, "updated_dictionary"))
    else:
        id_ = builder.add("", "CREATE_DICTIONARY")
        builder.link(entries, (id_, "values"))
        builder.sends(0, (id_, "dictionary"))


def _keeps_others(builder: Builder) -> bool:
    include = builder.take("include")
    if builder.node.version < 3:
        return not builder.take("keepOnlySet")
    if include not in (None, "all", "none"):
        raise Untranslated("keeping some of the other fields has no counterpart")
    return bool(builder.take("includeOtherFields")) or (builder.node.version < 3.3 and include != "none")


def _fields(builder: Builder) -> dict[str, Any]:
    """The fields that a Set node sets, in the shapes of its versions; a dot in a name leads into an object."""
    found: dict[str, Any] = {}
    nested = as_object(builder.take("options")).get("dotNotation") is not False
    builder.options("dotNotation", "ignoreConversionErrors")
    groups = [*_groups(builder.take("assignments"), "assignments"), *_groups(builder.take("fields"), "values")]
    for type_, several in as_object(builder.take("values")).items():
        groups += [{"type": type_, **one} for one in listed(several)]
    for one in groups:
        type_ = str(one.get("type", "string"))
        value = one.get("value", one.get(type_, one.get(f"{type_}Value")))
        _put(
            found, str(one.get("name", "")).split(".") if nested else [str(one.get("name", ""))], _typed(type_, value)
        )
    return found


def _groups(value: Any, name: str) -> list[Mapping[str, Any]]:
    return list(listed(as_object(value).get(name)))


def _typed(type_: str, value: Any) -> Any:
    """A literal of a Set field is a text in a form; its type says what it is."""
    if not isinstance(value, str) or type_ in ("string", "stringValue"):
        return value
    if "{{" in value:
        return n8n_expressions.Typed(type_.removesuffix("Value"), value)
    value = value.removeprefix("=")
    try:
        return json.loads(value.lower() if type_.startswith("boolean") else value)
    except ValueError as error:
        raise Untranslated(f"{value[:40]!r} is no {type_}") from error


def _put(found: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        below = found.setdefault(name, {})
        if not isinstance(below, dict):
            raise Untranslated(f"the field {'.'.join(path)} lies in one that is no object")
        found = cast(dict[str, Any], below)
    found[path[-1]] = value


def raw_json(builder: Builder, word: str, text: Any) -> End:
    """JSON that was written by hand, with expressions in it."""
    if not isinstance(text, str):
        return builder.json(word, text)
    if not text.startswith("="):
        try:
            return builder.json(word, json.loads(text))
        except ValueError as error:
            raise Untranslated("its JSON cannot be read") from error
    pieces = n8n_expressions.parts(text[1:].strip())
    if len(pieces) == 1 and pieces[0][0]:
        return builder.json(word, text)

    def write(names: Names) -> str:
        return "".join(
            "{{ " + n8n_terms.text(n8n_expressions.expression(one, names)) + " }}"
            if is_code
            else "{{ " + n8n_terms.quoted(one) + " }}"
            for is_code, one in pieces
        )

    return builder.template(word, write)


def _branch(builder: Builder, word: str, condition: Callable[[Names], str], source: End | None) -> str:
    """A node that sends an item one way or the other. ``source``: where it comes from; None: out of the input."""
    word_of_test = f"{word}test".strip()
    test = builder.template(word_of_test, lambda names: f"{{{{ 'yes' if {condition(names)} else 'no' }}}}", source)
    id_ = builder.add(word.strip(), "CONDITION", {"operator": "==", "value2": "yes"})
    builder.link(test, (id_, "value1"))
    for pin in ("yes_value", "no_value"):
        if source is None:
            builder.takes(id_, pin)
        else:
            builder.link(source, (id_, pin))
    return id_


def _if(builder: Builder) -> None:
    conditions, combined = builder.take("conditions"), builder.take("combineOperation")
    builder.take("looseTypeValidation")
    _yes_and_no(builder, conditions, combined)


def _yes_and_no(builder: Builder, conditions: Any, combined: Any) -> None:
    builder.options("ignoreCase", "looseTypeValidation")
    id_ = _branch(builder, "", lambda names: n8n_conditions.of(conditions, names, combined), None)
    builder.sends(0, (id_, "yes_output"))
    builder.sends(1, (id_, "no_output"))


def _filter(builder: Builder) -> None:
    conditions = builder.take("conditions")
    combined = "any" if builder.take("combineConditions") == "OR" else "all"
    builder.take("looseTypeValidation")
    _yes_and_no(builder, conditions, combined)


def _switch(builder: Builder) -> None:
    """Rule after rule: an item leaves by the first that it fits, or goes on to the next."""
    by_number = builder.take("mode") == "expression"
    options = builder.options(
        "allMatchingOutputs", "fallbackOutput", "ignoreCase", "looseTypeValidation", "renameFallbackOutput"
    )
    if options.get("allMatchingOutputs"):
        raise Untranslated("sending an item to several outputs has no counterpart")
    tests = _numbers(builder) if by_number else _rules(builder)
    source: End | None = None
    for number, (output, condition) in enumerate(tests):
        id_ = _branch(builder, f"rule {number + 1} " if number else "", condition, source)
        builder.sends(output, (id_, "yes_output"))
        source = (id_, "no_output")
    fallback = builder.take("fallbackOutput")
    fallback = options.get("fallbackOutput") if fallback is None else fallback
    if source is not None and fallback == "extra":
        builder.sends(len(tests), source)
    elif source is not None and isinstance(fallback, int) and 0 <= fallback < MAX_SWITCH:
        builder.sends(fallback, source)


def _numbers(builder: Builder) -> list[tuple[int, Callable[[Names], str]]]:
    """An output by its number, which is computed."""
    output, count = builder.take("output"), builder.take("numberOutputs", "outputsAmount")
    most = count if isinstance(count, int) and 0 < count <= MAX_SWITCH else 4

    def is_number(number: int) -> Callable[[Names], str]:
        return lambda names: f"({n8n_terms.number(n8n_expressions.value(output, names))} == {number})"

    return [(number, is_number(number)) for number in range(most)]


def _rules(builder: Builder) -> list[tuple[int, Callable[[Names], str]]]:
    rules = as_object(builder.take("rules"))
    type_, left = str(builder.take("dataType") or "number"), builder.take("value1")
    if len(listed(rules.get("values"))) + len(listed(rules.get("rules"))) == 0:
        raise Untranslated("it has no rules")
    found: list[tuple[int, Callable[[Names], str]]] = []
    for number, one in enumerate(listed(rules.get("values"))):
        found.append((number, lambda names, one=one: n8n_conditions.of(one.get("conditions"), names)))
    for one in listed(rules.get("rules")):
        output = one.get("output", 0)
        if not isinstance(output, int) or not 0 <= output < MAX_SWITCH:
            raise Untranslated("a rule has no output")
        found.append(
            (
                output,
                lambda names, one=one: n8n_conditions.rule(
                    type_, str(one.get("operation", "equal")), left, one.get("value2"), names
                ),
            )
        )
    return found


def _split_out(builder: Builder) -> None:
    name = builder.take("fieldToSplitOut")
    options = builder.options("disableDotNotation", "destinationFieldName")
    if any(isinstance(one, str) for one in options.values()) or options.get("disableDotNotation"):
        raise Untranslated("another name for the elements has no counterpart")
    if not isinstance(name, str) or "," in name or not name.strip() or name.startswith("="):
        raise Untranslated("splitting out several fields, or one that is computed, has no counterpart")
    if builder.take("include") not in (None, "noOtherFields"):
        raise Untranslated("repeating other fields for each element has no counterpart")
    path = "".join(f"[{json.dumps(part)}]" for part in name.strip().split("."))
    form = wrapped(name.strip().rpartition(".")[2])
    source = builder.template(
        "list", lambda names: f"{{% set v = {n8n_expressions.expression(f'$json{path}', names).jinja} or [] %}}{form}"
    )
    id_ = builder.add("", "STEP_THROUGH_ITEMS")
    builder.link(source, (id_, "items"))
    builder.sends(0, (id_, "item"))


def _output(builder: Builder) -> None:
    """Respond to Webhook: an output of the agent."""
    how = builder.take("respondWith") or "firstIncomingItem"
    body = builder.take("responseBody")
    builder.options()
    id_ = builder.add("", "AGENT_OUTPUT", {"name": builder.node.name})
    if how == "json":
        builder.link(builder.read(raw_json(builder, "body", body)), (id_, "value"))
    elif how == "text":
        builder.link(builder.text("body", body), (id_, "value"))
    else:
        builder.takes(id_, "value")


COUNTERPARTS: dict[str, Translate] = {
    "noOp": nothing,
    LOOP: _loop,
    "set": _set,
    "if": _if,
    "filter": _filter,
    "switch": _switch,
    "merge": n8n_merging.merge,
    "splitOut": _split_out,
    ANSWER: _output,
}
