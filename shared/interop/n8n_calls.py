"""What does an Execute Workflow of n8n become? AGENT_EXECUTOR, which runs the graph of the other workflow.

The other's trigger takes a list of items, or one: all that come to the node at once, or each by itself, as ``mode``
says. What its last nodes send comes back.
https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.executeworkflow/,
https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.executeworkflowtrigger/
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.interop import n8n_expressions
from shared.interop.n8n_conditions import listed
from shared.interop.n8n_fragments import Builder, Called, End, as_object, wrapped
from shared.interop.n8n_terms import Untranslated


def translate(builder: Builder) -> None:
    called = builder.node.called
    if not isinstance(called, Called):
        raise Untranslated(called)
    builder.take("source", "operation", "workflowJson")
    builder.take("workflowId")
    if called.message:
        builder.made.notes["workflowId"] = called.message
    builder.options("waitForSubWorkflow")
    item = _given(builder)
    if builder.take("mode") != "each":
        item = _all(builder, item)
    data: dict[str, Any] = {"graph_id": called.graph_id, "agent_name": called.name}
    id_ = builder.add("", "AGENT_EXECUTOR", data)
    sink = id_, f"inputs_#_{called.input}"
    if item is None:
        builder.takes(*sink)
    else:
        builder.link(item, sink)
    if as_object(builder.take("options")).get("waitForSubWorkflow") is False:
        _goes_on(builder, id_)
        return
    builder.sends(0, *((id_, name) for name in called.outputs))
    builder.fails(id_)


def _given(builder: Builder) -> End | None:
    """The item with the values that the node gives it, where it gives any; of a schema, its fields alone."""
    inputs = as_object(builder.take("workflowInputs"))
    values = as_object(inputs.get("value"))
    names = [str(one["id"]) for one in listed(inputs.get("schema")) if one.get("id") and not one.get("removed")]
    if names:
        return builder.read(builder.json("inputs", {name: values.get(name, _field(name)) for name in names}))
    if not values:
        return None
    entries = builder.json("inputs", values)
    merged = builder.add("with inputs", "ADD_TO_DICTIONARY")
    builder.takes(merged, "dictionary")
    builder.link(entries, (merged, "entries"))
    return merged, "updated_dictionary"


def _field(name: str) -> str:
    return f"={{{{ $json[{json.dumps(name)}] }}}}"


def _all(builder: Builder, item: End | None) -> End | None:
    """All items in one list, where there are any: a workflow is not run without."""
    if builder.node.pairs:
        builder.made.notes["mode"] = "It is run for each item, so that items stay with those that they come from."
        return item
    gathered = builder.add("all", "GATHER")
    if item is None:
        builder.takes(gathered, "item")
    else:
        builder.link(item, (gathered, "item"))
    source = gathered, "items"
    test = builder.template("any", lambda names: "{{ 'yes' if item else 'no' }}", source)
    chosen = builder.add("if any", "CONDITION", {"operator": "==", "value2": "yes"})
    builder.link(test, (chosen, "value1"))
    builder.link(source, (chosen, "yes_value"))
    return chosen, "yes_output"


def _goes_on(builder: Builder, id_: str) -> None:
    """What came goes on, and neither waits nor fails with what was run."""
    passed = builder.add("goes on", "PRINT_TO_CONSOLE")
    builder.takes(passed, "text")
    builder.sends(0, (passed, "output"))
    failed = builder.add("failed", "PRINT_TO_CONSOLE")
    builder.link((id_, "error"), (failed, "text"))
    builder.made.notes["options"] = "Items go on at once; the run is over when the other is."


def begin(builder: Builder, data: Mapping[str, Any]) -> None:
    """A trigger by which another workflow begins this one: an input that takes a list of items, or one."""
    id_ = builder.add("", "AGENT_INPUT", data)
    wrap = builder.add("as items", "FILL_TEXT_TEMPLATE", {"format": wrapped("value")})
    builder.link((id_, "result"), (wrap, "values_#_v"))
    each = builder.add("each", "STEP_THROUGH_ITEMS")
    builder.link((wrap, "output"), (each, "items"))
    item: End = each, "item"
    names = _fields(builder)
    if names:
        fields = {name: _field(name) for name in names}
        item = builder.read(
            builder.template(
                "fields", lambda known: f"{{{{ ({n8n_expressions.value(fields, known).jinja})|tojson }}}}", item
            )
        )
    builder.sends(0, item)


def _fields(builder: Builder) -> list[str]:
    """The fields that a trigger lets through; none: all."""
    source = builder.take("inputSource")
    inputs, example = builder.take("workflowInputs"), builder.take("jsonExample")
    if builder.node.kind != "executeWorkflowTrigger" or builder.node.version < 1.1 or source == "passthrough":
        return []
    if source == "jsonExample":
        try:
            return list(as_object(json.loads(example) if isinstance(example, str) else example))
        except (ValueError, RecursionError):
            return []
    return [str(one["name"]) for one in listed(as_object(inputs).get("values")) if one.get("name")]
