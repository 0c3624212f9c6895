"""What becomes of a node of an export? A node of a block here, or a placeholder that keeps what it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import analysis, pins
from shared.domain.fields import at
from shared.domain.spec import BlockSpec, Catalog
from shared.interop import autogpt_pins, listed, secrets
from shared.interop.reading import FileNode
from shared.interop.report import Report, shown

EXECUTOR = "AGENT_EXECUTOR"
SET_ASIDE = "set_aside"
"""In the metadata of a node: the defaults of its export that the block does not take."""

ANEW = frozenset({"graph_id", "graph_version", "user_id"})
"""Defaults of a sub-agent node that are others here."""
OLDER_MAIL = "creds"
"""A pin of SEND_EMAIL in 2024: the server together with user and password."""

_COPIES = ("input_links", "output_links", "graph_id", "graph_version")
_READ = {"id", "block_id", "input_default", "metadata", "webhook_id", "weftly", *_COPIES}

Body = dict[str, Any]
Linked = tuple[autogpt_pins.Side, str]
"""A pin that has a link, and which end of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """The graph that a sub-agent node runs. ``inputs``: the names of its inputs; ``message``: how it was found,
    where that is worth a word."""

    graph_id: str
    inputs: frozenset[str]
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a node is here; ``spec`` None: nothing, for the ``reason``."""

    block_type: str
    spec: BlockSpec | None
    reason: str = ""


def known(node: FileNode, catalog: Catalog, child: Child | None, linked: Sequence[Linked]) -> Known:
    """``linked``: its pins that have links, with their sides."""
    found = listed.find(node.block_id)
    block_type = found.block_type if found else node.block_id.removeprefix(listed.OWN)
    spec = catalog.get(block_type) if found or node.block_id.startswith(listed.OWN) else None
    if spec is None:
        name = f" ({found.name})" if found else ""
        return Known(block_type=block_type, spec=None, reason=f"There is no such block{name} here.")
    if block_type == EXECUTOR and child is None:
        return Known(block_type=block_type, spec=None, reason="The file has no graph that fits this sub-agent.")
    gone = [name for side, name in linked if autogpt_pins.of_link(spec, side, name, ("", "")) is None]
    if gone:
        names = ", ".join(dict.fromkeys(shown(one) for one in gone))
        return Known(block_type=block_type, spec=None, reason=f"{block_type} has no pin {names} any more.")
    return Known(block_type=block_type, spec=spec)


def translate(node: FileNode, what: Known, child: Child | None, report: Report) -> Body:
    """The node as ``POST /graphs`` takes it."""
    _report_fields(node, report)
    metadata, position = _metadata(node)
    body: Body = {"id": node.id, "position": position, "metadata": metadata}
    if what.spec is None:
        report.missing("node", node.place, f"{node.block_id}: a placeholder. {what.reason}", node.id)
        return {**body, "block_type": analysis.PLACEHOLDER, "input_data": _placeholder(node, what, report)}
    if listed.is_older(node.block_id):
        report.changed("node", node.place, f"{what.block_type}, by an older id.", node.id)
    else:
        report.understood("node", node.place, node.id, what.block_type)
    anew = ANEW if child is not None and what.block_type == EXECUTOR else frozenset[str]()
    input_data, set_aside = _defaults(node, what.spec, report, anew)
    if child is not None and what.block_type == EXECUTOR:
        input_data = _executor(node, child, input_data, report)
    elif analysis.is_input(what.block_type) and input_data.get("value") is None:
        (input_data if "optional" in what.spec.inputs else metadata)["optional"] = True
    if set_aside:
        body["metadata"] = {**metadata, SET_ASIDE: set_aside}
    return {**body, "block_type": what.block_type, "input_data": input_data}


def _metadata(node: FileNode) -> tuple[Body, Body]:
    rest = {name: value for name, value in node.metadata.items() if name != "position"}
    position = cast(Mapping[str, Any], node.metadata.get("position") or {})
    return rest, {axis: value for axis, value in position.items() if value is not None}


def _report_fields(node: FileNode, report: Report) -> None:
    if node.raw.get("webhook_id"):
        message = "Webhooks of the other platform do not reach here; make one for the graph."
        report.missing("field", at(node.place, "webhook_id"), message, node.id)
    for name in node.raw:
        if name not in _READ:
            report.missing("field", at(node.place, shown(name)), "Unknown; left out.", node.id)


def _placeholder(node: FileNode, what: Known, report: Report) -> Body:
    data: Body = {}
    for name, value in node.input_default.items():
        place = at(at(node.place, "input_default"), shown(name))
        if secrets.is_secret(name) and not isinstance(value, bool):
            report.changed("default", place, "It looks like a secret; not kept.", node.id)
        else:
            data[name] = secrets.without(value)
            report.understood("default", place, node.id, "Kept with the placeholder.")
    return {"missing_block": node.block_id, "reason": what.reason, "data": data}


def _defaults(
    node: FileNode, spec: BlockSpec, report: Report, anew: frozenset[str] = frozenset()
) -> tuple[Body, Body]:
    """The literals that the block takes, and those that are set aside. ``anew``: those of which somebody else tells
    what became."""
    taken: Body = {}
    aside: Body = {}
    for name, value in node.input_default.items():
        place = at(at(node.place, "input_default"), shown(name))
        pin = autogpt_pins.of_input(spec, name) or (autogpt_pins.Pin(name=name) if spec.open_pins else None)
        if name in anew:
            taken[name] = value
        elif name == OLDER_MAIL and isinstance(value, Mapping) and "config" in spec.inputs:
            given = cast(Mapping[str, Any], value)
            taken["config"] = {key: given[key] for key in ("smtp_server", "smtp_port") if key in given}
            report.changed("default", place, "The server is in config; credentials are chosen here anew.", node.id)
        elif pin is not None and pins.base_name(pin.name) in autogpt_pins.credentials_pins(spec):
            report.changed("default", place, "Credentials are chosen here anew; not kept.", node.id)
        elif pin is None and secrets.is_secret(name) and not isinstance(value, bool):
            report.changed("default", place, "A secret that the block does not take any more; not kept.", node.id)
        elif pin is None:
            aside[name] = value
            report.changed("default", place, f"{spec.block_type} has no such pin any more; set aside.", node.id)
        elif autogpt_pins.is_nothing(spec, pin.name, value):
            report.changed("default", place, "Null is no value of this pin; left empty.", node.id)
        elif reason := autogpt_pins.refused(spec, pin.name, value):
            aside[name] = value
            report.missing("default", place, f"The pin does not take it; set aside: {reason}.", node.id)
        elif pin.message:
            taken[pin.name] = value
            report.changed("default", place, pin.message, node.id)
        else:
            taken[pin.name] = value
            report.understood("default", place, node.id)
    return taken, aside


def _executor(node: FileNode, child: Child, input_data: Body, report: Report) -> Body:
    place = at(node.place, "input_default")
    told = {
        "graph_id": f"The graph {child.graph_id}. {child.message}".rstrip(),
        "graph_version": "1: versions begin anew.",
        "user_id": "It runs for whoever runs the agent; left out.",
    }
    for name in ANEW & node.input_default.keys():
        if name == "graph_version" and input_data.get(name) == 1:
            report.understood("default", at(place, name), node.id)
        else:
            report.changed("default", at(place, name), told[name], node.id)
    made = {name: value for name, value in input_data.items() if name != "user_id"}
    inputs = input_data.get("inputs")
    if isinstance(inputs, Mapping):
        given = cast(Mapping[str, Any], inputs)
        for name in given.keys() - child.inputs:
            where = at(at(place, "inputs"), shown(name))
            report.changed("field", where, "The sub-agent has no such input; left out.", node.id)
        made["inputs"] = {name: value for name, value in given.items() if name in child.inputs}
    return {**made, "graph_id": child.graph_id, "graph_version": 1}
