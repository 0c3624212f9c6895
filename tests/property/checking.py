"""Does the engine tell of a graph what the rules tell? If not: by which seed, and with how small a graph?"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.domain.graph import Graph
from tests.engine import direct
from tests.property import blocks, graphs, interpreter, running, telling
from tests.property.graphs import Case
from tests.property.running import How

CRASHES = 4
"""Of so many graphs one is run with deaths."""

_SHRINKING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """The graph has no one answer, or too long a one."""

    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """The engine does otherwise."""

    seed: int
    text: str


def how_of(seed: int, number: int = 0, *, crash: bool | None = None) -> How:
    return running.how(seed, number, crash=seed % CRASHES == 0 if crash is None else crash)


async def check(channel: direct.Channel, seed: int, how: How | None = None) -> Skipped | Found | None:
    """One graph under one interleaving. None: as it should be."""
    case, how = graphs.case(seed), how or how_of(seed)
    try:
        interpreter.interpret(case.graph, blocks.BEHAVIOURS, case.inputs, most=running.MOST)
    except (telling.TooLarge, telling.Ambiguous) as error:
        return Skipped(type(error).__name__)
    text = await _difference(channel, case, how)
    return Found(seed, text) if text else None


async def _difference(channel: direct.Channel, case: Case, how: How) -> str | None:
    wanted = interpreter.interpret(case.graph, blocks.BEHAVIOURS, case.inputs, most=running.MOST)
    try:
        return running.difference(case.graph, wanted, await running.perform(channel, case, how))
    except Exception as error:  # noqa: BLE001 - whatever it is, the engine must not raise it
        return f"{type(error).__name__}: {error}"


async def report(channel: direct.Channel, found: Found, how: How | None = None) -> str:
    """What a person needs to look into it."""
    case, how = graphs.case(found.seed), how or how_of(found.seed)
    least, text = await _shrunk(channel, case, how)
    return (
        f"seed {found.seed}, {how}:\n  {found.text}\nReplay it: python -m tests.property {found.seed}\n"
        f"The least graph that shows a difference:\n{described(least)}\n  {text or 'none, when it is run again'}"
    )


async def _shrunk(channel: direct.Channel, case: Case, how: How) -> tuple[Case, str | None]:
    end = time.monotonic() + _SHRINKING_SECONDS
    text = await _difference(channel, case, how)
    smaller = text is not None
    while smaller:
        smaller = False
        for other in _smaller(case):
            if time.monotonic() > end:
                return case, text
            try:
                still = await _difference(channel, other, how)
            except (telling.TooLarge, telling.Ambiguous):
                continue
            if still:
                case, text, smaller = other, still, True
                break
    return case, text


def _smaller(case: Case) -> Iterator[Case]:
    for node in case.graph.nodes:
        nodes = [n for n in case.graph.nodes if n is not node]
        links = [link for link in case.graph.links if node.id not in (link.source_id, link.sink_id)]
        named = {n.input_data.get("name") for n in nodes}
        inputs = {name: value for name, value in case.inputs.items() if name in named}
        if nodes:
            yield Case(Graph(nodes=nodes, links=links), inputs)
    for link in case.graph.links:
        yield replace(case, graph=Graph(nodes=case.graph.nodes, links=[x for x in case.graph.links if x is not link]))


def described(case: Case) -> str:
    nodes = [f"  {n.id}: {n.block_type} {dict(n.input_data) or ''}" for n in case.graph.nodes]
    links = [
        f"  {x.source_id}.{x.source_name} -> {x.sink_id}.{x.sink_name}{' (static)' if x.is_static else ''}"
        for x in case.graph.links
    ]
    return "\n".join([f"  started with {case.inputs}", *nodes, *links])
