"""How does what is sent to a webhook reach a trigger of AutoGPT Platform? By an input of the agent, put before it.

There, a node has a webhook of its own. Here a webhook fills an input of a graph, as a run by hand can.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import pins
from shared.interop.report import Report

Body = dict[str, Any]

_TRIGGER, _PIN = "GENERIC_WEBHOOK_TRIGGER", "payload"


def inserted(
    nodes: Sequence[Body], links: Sequence[Body], places: Mapping[str, str], report: Report
) -> tuple[list[Body], list[Body]]:
    """Nodes and links with an input before each trigger that has none. ``places``: id of a node -> where it is in the
    file."""
    fed = {link["sink_id"] for link in links if pins.base_name(link["sink_name"]) == _PIN}
    ids = {one["id"] for one in [*nodes, *links] if "id" in one}
    names = {str(one["input_data"].get("name", "")) for one in nodes}
    more: list[Body] = []
    led: list[Body] = []
    for node in nodes:
        if node["block_type"] != _TRIGGER or node["id"] in fed:
            continue
        name, id_ = _free(_PIN, names), _free(f"{node['id']}-input", ids)
        data = {"name": name, "value": node["input_data"].get(_PIN) or {}}
        position = {axis: at - (300 if axis == "x" else 0) for axis, at in node["position"].items()}
        more.append(
            {"id": id_, "block_type": "AGENT_INPUT", "input_data": data, "position": position, "metadata": {}}
        )
        ends = {"source_id": id_, "source_name": "result", "sink_id": node["id"], "sink_name": _PIN}
        led.append({"id": _free(f"{id_}-link", ids), **ends, "is_static": True})
        message = f"{_TRIGGER}, and the input {name!r} before it: make a webhook of the graph that fills it."
        report.changed_after_all("node", places[node["id"]], message, node["id"])
    return [*nodes, *more], [*links, *led]


def _free(wished: str, taken: set[str]) -> str:
    name = next(n for n in (wished, *(f"{wished}-{number}" for number in range(2, 10_000))) if n not in taken)
    taken.add(name)
    return name
