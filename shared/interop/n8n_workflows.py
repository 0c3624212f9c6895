"""Which workflows does a file of n8n hold, and which of them does an Execute Workflow run?

n8n exports one workflow, or all as a list (https://docs.n8n.io/hosting/cli-commands/#export-workflows-and-credentials);
a node may hold another as JSON. A node names the one that it runs by its id
(https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.executeworkflow/), which n8n's own downloads may
lack: then the name that the node keeps with the id tells it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from shared.domain import pins
from shared.domain.fields import Fields, at
from shared.interop import n8n_nodes, n8n_reading, n8n_shape
from shared.interop.n8n_fragments import Called, N8nNode, as_object
from shared.interop.n8n_reading import Workflow
from shared.interop.n8n_shape import Whole
from shared.interop.report import shown

MAX_WORKFLOWS = 100
MAX_NODES = 2_000
"""Of all workflows of a file together."""
MAX_EXPRESSIONS = 500_000
"""Characters of the expressions of all workflows of a file together: to read them takes some seconds."""
MAX_HELD = 10
"""Workflows within workflows: as deep as agents may call each other."""
RUNS = "executeWorkflow"
RUN = "executeWorkflowTrigger"
ITEMS = "Items"
"""The output of a graph with what the last nodes of a workflow send."""

_BY_HAND = ("manualTrigger", "start")
_ITSELF = "{{$workflow.id}}"
_INSTEAD = "or put an AGENT_EXECUTOR with the graph of that workflow in its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A workflow of a file, and where it is there. ``depth``: how many nodes it is held by, one within the other."""

    place: str
    raw: Mapping[str, Any]
    workflow: Workflow
    depth: int = 0


Runs = Mapping[str, int | str]
"""Place of a node that runs a workflow -> the position of that workflow; a text: why it runs none."""


def read(files: Sequence[Mapping[str, Any]], fields: Fields) -> list[Held]:
    """The workflows of a file, one that no other runs first; then those that nodes hold. Only to be used where
    ``fields`` has no violations."""
    if len(files) > MAX_WORKFLOWS:
        fields.wrong("body", f"A file may have {MAX_WORKFLOWS} workflows.")
        return []
    found = [_held(raw, f"[{n}]" if len(files) > 1 else "", fields) for n, raw in enumerate(files)]
    waiting = [] if fields.violations else list(found)
    while waiting:
        one = waiting.pop(0)
        for node in one.workflow.nodes:
            may = len(found) < MAX_WORKFLOWS and one.depth < MAX_HELD
            held = _inside(node, one.depth + 1) if may else None
            if held is not None:
                found.append(held)
                waiting.append(held)
    if sum(len(held.workflow.nodes) for held in found) > MAX_NODES:
        fields.wrong("nodes", f"The workflows of a file may have {MAX_NODES:,} nodes together.")
    length = sum(_expressions(node.parameters) for held in found for node in held.workflow.nodes)
    if length > MAX_EXPRESSIONS:
        limit = f"The expressions of a file may have {MAX_EXPRESSIONS:,} characters together, and have {length:,}"
        fields.wrong("nodes", f"{limit}: import its workflows one by one, or shorten them.")
    return found if fields.violations else _first_of_all(found)


def _expressions(parameters: Any) -> int:
    """The characters of all expressions in the parameters of a node."""
    length, waiting = 0, [parameters]
    while waiting:
        match waiting.pop():
            case str(text) if text.startswith("="):
                length += len(text)
            case list(several):
                waiting += cast(list[Any], several)
            case dict(several):
                waiting += cast(dict[str, Any], several).values()
            case _:
                pass
    return length


def _held(raw: Mapping[str, Any], place: str, fields: Fields, depth: int = 0) -> Held:
    own = Fields()
    workflow = n8n_reading.read(raw, own)
    for one in own.violations:
        fields.wrong(at(place, one.field), one.description)
    nodes = [replace(node, place=at(place, node.place)) for node in workflow.nodes]
    connections = [replace(one, place=at(place, one.place)) for one in workflow.connections]
    moved = Workflow(name=workflow.name, nodes=nodes, connections=connections)
    return Held(place=place, raw=raw, workflow=moved, depth=depth)


def _inside(node: N8nNode, depth: int) -> Held | None:
    """The workflow that a node holds as JSON; None: it holds none that could be read."""
    if not _runs(node) or node.parameters.get("source") != "parameter":
        return None
    raw = node.parameters.get("workflowJson")
    if isinstance(raw, str):
        try:
            raw = json.loads(raw.removeprefix("="))
        except (ValueError, RecursionError):
            return None
    if not isinstance(raw, Mapping) or not n8n_reading.is_workflow(cast(Mapping[str, Any], raw)):
        return None
    fields = Fields()
    held = _held(cast(Mapping[str, Any], raw), _place_inside(node), fields, depth)
    return None if fields.violations else held


def _place_inside(node: N8nNode) -> str:
    return f"{node.place}.parameters.workflowJson"


def _runs(node: N8nNode) -> bool:
    return node.type == f"n8n-nodes-base.{RUNS}"


def runs(several: Sequence[Held]) -> Runs:
    return {
        node.place: _position(node, own, several)
        for own, held in enumerate(several)
        for node in held.workflow.nodes
        if _runs(node)
    }


def _first_of_all(found: list[Held]) -> list[Held]:
    places = [{node.place for node in one.workflow.nodes} for one in found]
    run = {other for place, other in runs(found).items() if isinstance(other, int) and place not in places[other]}
    first = next((n for n, one in enumerate(found) if n not in run and not one.depth), 0)
    return [found[first], *(one for n, one in enumerate(found) if n != first)]


def _position(node: N8nNode, own: int, several: Sequence[Held]) -> int | str:
    """Which of several a node runs that is in the one at ``own``; a text: why none."""
    match node.parameters.get("source") or "database":
        case "parameter":
            place = _place_inside(node)
            found = next((n for n, one in enumerate(several) if one.place == place), None)
            return (
                "the workflow that it holds cannot be read, or lies too deep within others"
                if found is None
                else found
            )
        case "database":
            return _by_id(node, own, several)
        case _:
            return f"it reads a workflow from elsewhere: import both as a list and have the node name it, {_INSTEAD}"


def _by_id(node: N8nNode, own: int, several: Sequence[Held]) -> int | str:
    named = node.parameters.get("workflowId")
    id_ = as_object(named).get("value") if isinstance(named, Mapping) else named
    name = as_object(named).get("cachedResultName")
    id_ = str(id_) if isinstance(id_, int) else id_  # as older versions have them
    if not isinstance(id_, str) or not id_.strip():
        return f"it names no workflow: choose one, {_INSTEAD}"
    if id_.startswith("="):
        if "".join(id_[1:].split()) == _ITSELF:
            return own
        return f"which workflow it runs is computed: name one, {_INSTEAD}"
    ids = [n for n, one in enumerate(several) if not one.depth and str(one.raw.get("id")) == id_]
    names = [
        n
        for n, one in enumerate(several)
        if not one.depth and not one.raw.get("id") and name and one.raw.get("name") == name
    ]
    if len(ids or names) == 1:
        return (ids or names)[0]
    what = shown(f"{name} ({id_})" if isinstance(name, str) and name else id_)
    return f"it runs the workflow {what}, which is not in the file: import both as a list, {_INSTEAD}"


def trigger(workflow: Workflow) -> N8nNode | None:
    """Where a workflow begins that another runs; one that is begun by hand serves as well."""
    able = [node for node in workflow.nodes if not n8n_shape.is_disabled(node)]
    by_others = [node for node in able if node.kind == RUN]
    return next(iter([*by_others, *(node for node in able if node.kind in _BY_HAND)]), None)


def begins(held: Held, position: int, known: Runs) -> str:
    """The name of the trigger that others begin it by; empty where none does and it was not made for that."""
    found = trigger(held.workflow)
    return found.name if found and (found.kind == RUN or position in known.values()) else ""


def resolved(wholes: Sequence[Whole], known: Runs, ids: Sequence[str]) -> list[Whole]:
    """The same with what each node that runs another has to know of it."""
    called = [_called(whole, id_) for whole, id_ in zip(wholes, ids, strict=True)]
    return [
        replace(whole, nodes=[_told(node, position, known, called) for node in whole.nodes])
        for position, whole in enumerate(wholes)
    ]


def _told(node: N8nNode, position: int, known: Runs, several: Sequence[Called | str]) -> N8nNode:
    other = known.get(node.place)
    if other is None:
        return node
    called = other if isinstance(other, str) else several[other]
    if isinstance(called, Called) and other == position:
        called = replace(called, message="It runs itself, no deeper than agents may call each other (MAX_DEPTH).")
    return replace(node, called=called)


def _called(whole: Whole, graph_id: str) -> Called | str:
    name = whole.workflow.name
    if not whole.begins:
        return f"the workflow {shown(name)} has no trigger by which another could run it"
    if pins.is_dynamic(whole.begins):
        return f"the trigger of the workflow {shown(name)} has a name that no pin can have"
    return Called(graph_id=graph_id, name=name, input=whole.begins, outputs=tuple(dict.fromkeys(_outputs(whole))))


def _outputs(whole: Whole) -> Iterator[str]:
    for name, _ in n8n_shape.ends(whole):
        node = whole.workflow.by_name[name]
        is_answer = node.kind == n8n_nodes.ANSWER and not n8n_shape.is_disabled(node)
        if not (is_answer and pins.is_dynamic(name)):
            yield name if is_answer else ITEMS
