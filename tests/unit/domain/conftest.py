"""Graphs in one line each: ``make_plan("a.out -> b.in", "a.out => c.in")``; ``=>`` is a static link."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.domain import analysis
from shared.domain.graph import Graph, Link, Node, NodeId
from shared.domain.plan import Plan
from shared.domain.spec import BlockSpec

MANY = {"LIST": frozenset({"item"})}
STATIC = {"STATIC"}
OPEN = {"OPEN"}
FEEDBACK = {"TALK": ("said", "came")}

MakePlan = Callable[..., Plan]


def _spec(block_type: str) -> BlockSpec:
    return BlockSpec(
        block_type=block_type,
        inputs={},
        outputs={},
        pure=True,
        static_output=block_type in STATIC,
        max_attempts=1,
        version=1,
        many_pins=lambda _: MANY.get(block_type, frozenset()),
        coerce=lambda _, value: value,
        open_pins=block_type in OPEN,
        feedback=FEEDBACK.get(block_type, ()),
    )


def _link(position: int, text: str) -> Link:
    static = " => " in text
    source, sink = text.split(" => " if static else " -> ")
    source_id, source_name = source.split(".")
    sink_id, sink_name = sink.split(".")
    return Link(
        id=str(position),
        source_id=NodeId(source_id),
        source_name=source_name,
        sink_id=NodeId(sink_id),
        sink_name=sink_name,
        is_static=static,
    )


def _plan(*texts: str, literals: Mapping[str, Mapping[str, Any]] | None = None, **blocks: str) -> Plan:
    """Nodes in the order in which links name them, then those of ``blocks`` alone; ``blocks``: id -> block type."""
    links = [_link(position, text) for position, text in enumerate(texts)]
    ids = dict.fromkeys([*(end for one in links for end in (one.source_id, one.sink_id)), *map(NodeId, blocks)])
    nodes = [
        Node(id=id_, block_type=blocks.get(id_, "BLOCK"), input_data=(literals or {}).get(id_, {})) for id_ in ids
    ]
    return analysis.analyse(Graph(nodes=nodes, links=links), {n.block_type: _spec(n.block_type) for n in nodes})


@pytest.fixture(scope="session")
def make_plan() -> MakePlan:
    return _plan
