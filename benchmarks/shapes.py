"""Which graphs are measured? One for each thing that the engine does, in two sizes: their difference is what one more
costs, without what every execution costs once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Nodes = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    nodes: Nodes
    links: list[str]
    inputs: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """``make`` gives the graph of a size; ``unit``: what one more is. ``child``: whether it calls another graph."""

    name: str
    unit: str
    make: Callable[[int], Made]
    small: int
    large: int
    child: bool = False


def agent_input(name: str, **more: Any) -> dict[str, Any]:
    return node(name, "AGENT_INPUT", name=name, **more)


def node(id_: str, block_type: str, **input_data: Any) -> dict[str, Any]:
    return {"id": id_, "block_type": block_type, "input_data": input_data}


def upper(id_: str, **input_data: Any) -> dict[str, Any]:
    return node(id_, "TEXT_PROCESSING", operation="upper", **input_data)


def chain(length: int) -> Made:
    nodes = [upper("n0", text="hello world"), *(upper(f"n{i}") for i in range(1, length))]
    links = [f"n{i}.processed_text -> n{i + 1}.text" for i in range(length - 1)]
    return Made(nodes=nodes, links=links, inputs={})


def _over_a_list(nodes: Nodes, links: list[str], items: int) -> Made:
    return Made(
        nodes=[agent_input("items"), node("each", "STEP_THROUGH_ITEMS"), *nodes],
        links=["items.result -> each.items", *links],
        inputs={"items": list(range(items))},
    )


def fan_out(items: int) -> Made:
    return _over_a_list([node("double", "CALCULATOR", operation="Multiply", b=2)], ["each.item -> double.a"], items)


def join(items: int) -> Made:
    return _over_a_list(
        [
            node("double", "CALCULATOR", operation="Multiply", b=2),
            node("square", "CALCULATOR", operation="Power", b=2),
            node("sum", "CALCULATOR", operation="Add"),
        ],
        ["each.item -> double.a", "each.item -> square.a", "double.result -> sum.a", "square.result -> sum.b"],
        items,
    )


def gather(items: int) -> Made:
    return _over_a_list(
        [node("double", "CALCULATOR", operation="Multiply", b=2), node("all", "GATHER")],
        ["each.item -> double.a", "double.result -> all.item"],
        items,
    )


def loop(turns: int) -> Made:
    return Made(
        nodes=[
            agent_input("n"),
            node("add", "CALCULATOR", operation="Add", b=1),
            node("more", "CONDITION", operator="<", value2=turns),
        ],
        links=["n.result -> add.a", "add.result -> more.value1", "more.yes_output -> add.a"],
        inputs={"n": 0},
    )


def loop_over_a_list(items: int) -> Made:
    return _over_a_list(
        [node("seed", "CREATE_LIST", values=[]), node("add", "ADD_TO_LIST")],
        ["seed.list -> add.list", "add.updated_list -> add.list", "each.item -> add.entry"],
        items,
    )


CHILD = "cost-child"
"""The id of the graph that sub-agents run: an input, a node, an output."""


def sub_agents(calls: int) -> Made:
    return Made(
        nodes=[node(f"call{i}", "AGENT_EXECUTOR", graph_id=CHILD) for i in range(calls)],
        links=[f"call{i}.said -> call{i + 1}.text" for i in range(calls - 1)],
        inputs={},
    )


def child() -> Made:
    return Made(
        nodes=[agent_input("text", value="hello"), upper("up"), node("said", "AGENT_OUTPUT", name="said")],
        links=["text.result -> up.text", "up.processed_text -> said.value"],
        inputs={},
    )


ALL = (
    Shape(name="chain", unit="node", make=chain, small=5, large=25),
    Shape(name="fan-out", unit="item", make=fan_out, small=20, large=120),
    Shape(name="join", unit="item", make=join, small=20, large=40),
    Shape(name="gather", unit="item", make=gather, small=20, large=120),
    Shape(name="loop", unit="turn", make=loop, small=5, large=25),
    Shape(name="loop over a list", unit="item", make=loop_over_a_list, small=5, large=15),
    Shape(name="sub-agent", unit="call", make=sub_agents, small=2, large=6, child=True),
)
