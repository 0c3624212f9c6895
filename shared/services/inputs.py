"""Do the inputs that a run gives suit the graph? Each becomes a constant of the execution."""

from collections.abc import Mapping
from typing import Any

from shared.blocks import catalog
from shared.domain import analysis, errors
from shared.domain.errors import Violation
from shared.domain.graph import Node
from shared.domain.plan import Kind
from shared.firestore import graphs, values


def constants_of(version: graphs.Version, input_data: Mapping[str, Any], max_bytes: int) -> dict[str, Any]:
    """Node id -> value of every input that has one. InvalidArgument names each that is unknown, missing, of another
    type, or larger than ``max_bytes`` of JSON."""
    inputs = _inputs(version)
    violations = _unknown(inputs, input_data)
    constants: dict[str, Any] = {}
    for node in inputs:
        try:
            if (value := _value(node, input_data)) is not None:
                constants[node.id] = _fitting(value, max_bytes)
            elif version.plan.nodes[node.id].kind is Kind.CONSTANT and not is_optional(node):
                violations.append(Violation(f"input_data.{_name(node)}", "It is required: give it a value."))
        except ValueError as error:
            violations.append(Violation(f"input_data.{_name(node)}", f"{error}."))
    if violations:
        raise errors.invalid("The inputs do not suit the graph", violations)
    return {node_id: v for node_id, v in constants.items() if version.plan.nodes[node_id].kind is Kind.CONSTANT}


def check_given(version: graphs.Version, input_data: Mapping[str, Any], max_bytes: int) -> None:
    """As ``constants_of``, of what is there alone: the rest may come later."""
    inputs = _inputs(version)
    violations = _unknown(inputs, input_data)
    for node in inputs:
        try:
            if input_data.get(_name(node)) is not None:
                _fitting(_value(node, input_data), max_bytes)
        except ValueError as error:
            violations.append(Violation(f"input_data.{_name(node)}", f"{error}."))
    if violations:
        raise errors.invalid("The inputs do not suit the graph", violations)


def _inputs(version: graphs.Version) -> list[Node]:
    return [n for n in version.graph.nodes if analysis.is_input(n.block_type)]


def _unknown(inputs: list[Node], input_data: Mapping[str, Any]) -> list[Violation]:
    names = {_name(n) for n in inputs}
    return [
        Violation(f"input_data.{name}", f"The graph has no input {name!r}; it has {_listed(names)}.")
        for name in input_data
        if name not in names
    ]


def _fitting(value: Any, max_bytes: int) -> Any:
    if len(values.dump(value).encode()) > max_bytes:
        raise ValueError(f"It is larger than {max_bytes:,} bytes of JSON (MAX_VALUE_BYTES)")
    return value


def is_optional(node: Node) -> bool:
    return bool(node.input_data.get("optional") or node.metadata.get("optional"))


def _value(node: Node, input_data: Mapping[str, Any]) -> Any:
    """What the run supplies, else the node's own ``value``; None: neither."""
    value = input_data.get(_name(node))
    value = node.input_data.get("value") if value is None else value
    spec = catalog.specs()[node.block_type]
    return None if value is None else spec.coerce("value", value)


def _name(node: Node) -> str:
    return str(node.input_data.get("name", ""))


def _listed(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "none"
