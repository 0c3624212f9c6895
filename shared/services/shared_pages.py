"""What does a stranger see of an execution that was shared? Its course and its outputs, and nothing of its user's.

No ids, no costs, no credentials, no messages of failures (they may quote anything), no inputs and outputs of single
nodes. What an input or output node marks ``secret`` stays out, and a secret input's value is taken out of whatever
else is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from shared.blocks import catalog
from shared.domain import analysis
from shared.domain.records import Execution
from shared.domain.statuses import is_final
from shared.firestore import executions, graphs, node_executions, outlines
from shared.firestore.outlines import Outline
from shared.firestore.shares import Share
from shared.redaction import Redactor
from shared.services import execution_views, stored_values
from shared.services.world import World

MAX_STEPS = 200
MAX_SHOWN = 20_000
"""Characters of one value."""
MAX_VALUES = 50
"""Of one output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """``text``: as it is shown; ``cut``: it goes on."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An input or output: its values, and how many more there are."""

    name: str
    values: list[Value]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    name: str
    status: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``more_steps``: of those that are not shown. ``reason``: of a failure."""

    title: str
    status: str
    is_over: bool
    started_at: datetime
    seconds: float | None
    reason: str
    inputs: list[Named]
    outputs: list[Named]
    steps: list[Step]
    more_steps: int
    expires_at: datetime


async def page(world: World, share: Share) -> Page | None:
    """None: the execution is gone, or its graph."""
    execution = await executions.find(share.execution_id)
    if execution is None or execution.deleting or execution.user_id != share.user_id:
        return None
    (version,) = await graphs.find_versions([(execution.graph_id, execution.graph_version)])
    if version is None:  # what is secret in it nobody can say any more
        return None
    nodes = await outlines.list_of(execution.id, MAX_STEPS + 1)
    inputs = await _inputs(execution)
    redactor = _redactor(version, inputs)
    over = is_final(execution.status)
    shown = await execution_views.view(world, execution) if over else {"output": {}}
    return Page(
        title=redactor.text(share.title),
        status=execution.status,
        is_over=over,
        started_at=execution.started_at or execution.created_at,
        seconds=_seconds(execution.started_at, execution.completed_at),
        reason=execution.error.reason if execution.error else "",
        inputs=list(_shown_inputs(version, inputs, redactor)) if share.with_inputs else [],
        outputs=list(_shown_outputs(version, shown["output"] or {}, redactor)),
        steps=[_step(version, node) for node in nodes[:MAX_STEPS]],
        more_steps=max(0, await node_executions.count(execution.id) - 1 - MAX_STEPS) if len(nodes) > MAX_STEPS else 0,
        expires_at=share.expires_at,
    )


async def _inputs(execution: Execution) -> dict[str, Any]:
    """Node id of an input -> its value."""
    loaded = await stored_values.load(execution.constants)
    return {node_id: output.value for node_id, output in loaded.items()}


def _is_secret(version: graphs.Version, node_id: str) -> bool:
    node = version.by_id.get(node_id)
    return node is not None and bool(node.input_data.get("secret") or node.metadata.get("secret"))


def _redactor(version: graphs.Version, inputs: Mapping[str, Any]) -> Redactor:
    """Of the values of secret inputs, as they were given and as the graph has them, and in another case."""
    redactor = Redactor()
    for node in version.graph.nodes:
        if analysis.is_input(node.block_type) and _is_secret(version, node.id):
            for text in (*_texts(inputs.get(node.id)), *_texts(node.input_data.get("value"))):
                redactor.add(text, text.lower(), text.upper(), text.title(), text[::-1])
    return redactor


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in cast(list[Any], value):
                yield from _texts(one)
        case Mapping():
            for one in cast(Mapping[str, Any], value).values():
                yield from _texts(one)
        case bool() | None:
            return
        case _:
            yield str(value)


def _shown_inputs(version: graphs.Version, inputs: Mapping[str, Any], redactor: Redactor) -> Iterator[Named]:
    for node in version.graph.nodes:
        if node.id in inputs and analysis.is_input(node.block_type) and not _is_secret(version, node.id):
            name = str(node.input_data.get("title") or node.input_data.get("name", ""))
            yield Named(name=name, values=[_value(redactor.value(inputs[node.id]))])


def _shown_outputs(version: graphs.Version, output: Mapping[str, Any], redactor: Redactor) -> Iterator[Named]:
    """Of a graph without output nodes nothing: what its last nodes gave was not made to be shown."""
    named = [node for node in version.graph.nodes if node.block_type == analysis.OUTPUT]
    for node in named:
        name = str(node.input_data.get("name", ""))
        if name not in output or _is_secret(version, node.id):
            continue
        found = [redactor.value(one) for one in output[name]]
        shown = [_value(one) for one in found[:MAX_VALUES]]
        title = str(node.input_data.get("title") or name)
        yield Named(name=redactor.text(title), values=shown, more=len(found) - len(shown))


def _value(value: Any) -> Value:
    if isinstance(value, str):
        text = value
    else:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() if value is not None else "–"
    return Value(text=text[:MAX_SHOWN], cut=len(text) > MAX_SHOWN)


def _step(version: graphs.Version, node: Outline) -> Step:
    of_graph = version.by_id.get(node.node_id)
    title = of_graph.metadata.get("title") or of_graph.metadata.get("name") if of_graph else None
    named = title if isinstance(title, str) and title else _words(node.block_type)
    return Step(name=named, status=node.status, seconds=_seconds(node.started_at, node.completed_at))


def _words(block_type: str) -> str:
    block = catalog.find(block_type)
    return block_type.replace("_", " ").capitalize() if block is not None else "A block that is not here"


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else max(0.0, (end - start).total_seconds())
