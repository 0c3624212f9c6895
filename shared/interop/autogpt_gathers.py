"""What becomes of a node that keeps what comes until it has enough? One that gets all of it at once, by a GATHER.

DATA_SAMPLING with ``accumulate`` does so on AutoGPT Platform, in the memory of the process that runs it. Here
nothing is kept between firings, and no order of arrival is counted on: the sample is taken of everything that came.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import analysis
from shared.domain.fields import at
from shared.interop.report import Report

_SAMPLING = "DATA_SAMPLING"
_PIN = "data"

Body = dict[str, Any]


def inserted(
    nodes: Sequence[Body], links: Sequence[Body], places: Mapping[str, str], report: Report
) -> tuple[list[Body], list[Body]]:
    """Nodes and links with a GATHER before each node that accumulates, on the links into its data. ``places``: id of
    a node -> where it is in the file."""
    taken = {one["id"] for one in [*nodes, *links] if "id" in one}
    more: list[Body] = []
    led = list(links)
    for node in nodes:
        its = [n for n, link in enumerate(led) if (link["sink_id"], link["sink_name"]) == (node["id"], _PIN)]
        if node["block_type"] != _SAMPLING or node["input_data"].get("accumulate") is not True or not its:
            continue
        gather = _free(f"{node['id']}-gather", taken)
        more.append(_gather(gather, node))
        for n in its:
            led[n] = {**led[n], "sink_id": gather, "sink_name": "item", "is_static": False}
        ends = {"source_id": gather, "source_name": "items", "sink_id": node["id"], "sink_name": _PIN}
        led.append({"id": _free(f"{gather}-link", taken), **ends, "is_static": False})
        message = f"The node {gather} collects all that comes; the sample is taken of it, once."
        place = at(places[node["id"]], "input_default.accumulate")
        report.changed_after_all("default", place, message, node["id"])
    return [*nodes, *more], led


def _gather(id_: str, node: Body) -> Body:
    position = {**node["position"]}
    if "x" in position:
        position["x"] -= 200
    return {"id": id_, "block_type": analysis.GATHER, "input_data": {}, "position": position, "metadata": {}}


def _free(wished: str, taken: set[str]) -> str:
    name = next(n for n in (wished, *(f"{wished}-{number}" for number in range(2, 10_000))) if n not in taken)
    taken.add(name)
    return name
