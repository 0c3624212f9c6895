"""What does a node of n8n become? Nodes and links here, with the places where links of others go in and come out.

In n8n a node gets a list of items and goes through them; here each item is a token, and a node fires for each. An
item is an object, ``json`` in n8n. What a node says with expressions is written by a template: a text, or JSON that
the pin reads. Its values are the ``item`` that comes, which fires it, and items of nodes before, which are static.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.interop import n8n_expressions as expressions
from shared.interop import n8n_terms
from shared.interop.n8n_moments import ZONE, Moment
from shared.interop.n8n_names import INDEX, Ask, Names
from shared.interop.n8n_terms import Untranslated

End = tuple[str, str]
"""A node and a pin of it."""

_WRAPPED = (
    "{% macro one(v) %}{{ (v if v is mapping else {FIELD: v})|tojson }}{% endmacro %}"
    "{% if v is mapping or v is string or v is number or v is none %}[{{ one(v) }}]"
    "{% else %}[{% for e in v %}{{ one(e) }}{{ '' if loop.last else ',' }}{% endfor %}]{% endif %}"
)
_EMPTY: Sequence[Any] = (None, "", {}, [], False)
_NAME = re.compile(r"\b[nthi]\d+\b")


def _iso(zone: str) -> Mapping[str, Any]:
    return {"discriminator": "iso8601", "timezone": zone}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The workflow that a node runs. ``input``: the trigger that its items come to; ``outputs``: where what it sends
    comes back; ``message``: what is worth a word."""

    graph_id: str
    name: str
    input: str
    outputs: tuple[str, ...]
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class N8nNode:
    """A node of a workflow. ``place``: in the file; ``before``: the names of the nodes that may have run before;
    ``timezone``, ``workflow``: of the whole, the latter its name; ``pairs``: items have to stay with those that they
    come from; ``called``: the workflow that it runs, or why that cannot be."""

    place: str
    id: str
    name: str
    type: str
    version: float
    parameters: Mapping[str, Any]
    position: Mapping[str, float]
    raw: Mapping[str, Any]
    before: frozenset[str] = frozenset()
    timezone: str = "UTC"
    workflow: str = ""
    pairs: bool = False
    called: Called | str = "it runs no workflow that is known"

    @property
    def kind(self) -> str:
        """The type without its package: ``httpRequest``."""
        return self.type.rpartition(".")[2]


@dataclass(slots=True)
class Fragment:
    """``inputs[i]``: the pins that take what comes into the i-th input, ``outputs[i]``: those that send what leaves
    by the i-th output. ``references``: pins that take the item of another node, by its name. ``used``: parameters
    that are translated; ``notes``: what is different, by parameter; ``lost``: what is not here, by its place."""

    nodes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    links: list[tuple[End, End]] = field(default_factory=list[tuple[End, End]])
    inputs: list[list[End]] = field(default_factory=lambda: [[]])
    outputs: list[list[End]] = field(default_factory=lambda: [[]])
    references: list[tuple[str, End]] = field(default_factory=list[tuple[str, End]])
    used: set[str] = field(default_factory=set[str])
    notes: dict[str, str] = field(default_factory=dict[str, str])
    lost: dict[str, str] = field(default_factory=dict[str, str])


class Builder:
    """Makes the fragment of one node. The first node has its id, others have it with a word behind."""

    def __init__(self, node: N8nNode) -> None:
        self.node = node
        self.made = Fragment()

    def take(self, *names: str) -> Any:
        """A parameter, by any of its names over the versions; None: it is not there. It counts as translated."""
        self.made.used.update(names)
        return next((found for name in names if (found := self.node.parameters.get(name)) is not None), None)

    def options(self, *known: str) -> Mapping[str, Any]:
        """The options of the node, those that say something. Others than ``known`` are told to be lost."""
        found = {name: one for name, one in as_object(self.take("options")).items() if one not in _EMPTY}
        for name in sorted(found.keys() - set(known)):
            self.made.lost[f"options.{name}"] = "It has no counterpart."
        return found

    def add(self, word: str, block_type: str, input_data: Mapping[str, Any] | None = None) -> str:
        """A node; ``word`` is empty for the one that stands for the whole."""
        id_ = f"{self.node.id}/{word}" if word else self.node.id
        x, y = self.node.position.get("x", 0.0), self.node.position.get("y", 0.0)
        title = f"{self.node.name}: {word}" if word else self.node.name
        self.made.nodes.append(
            {
                "id": id_,
                "block_type": block_type,
                "input_data": dict(input_data or {}),
                "position": {"x": x, "y": y + 60 * len(self.made.nodes)},
                "metadata": {"customized_name": title},
            }
        )
        return id_

    def link(self, source: End, sink: End) -> None:
        self.made.links.append((source, sink))

    def takes(self, node_id: str, pin: str, number: int = 0) -> None:
        """The pin takes what comes into an input."""
        while len(self.made.inputs) <= number:
            self.made.inputs.append([])
        self.made.inputs[number].append((node_id, pin))

    def sends(self, number: int, *ends: End) -> None:
        while len(self.made.outputs) <= number:
            self.made.outputs.append([])
        self.made.outputs[number] += ends

    def template(self, word: str, write: Callable[[Names], str], source: End | None = None) -> End:
        """A node that fills a template, and the pin that has its text. ``source``: where the item comes from; none:
        out of the input."""
        names = Names(known=self.node.before, workflow=self.node.workflow, counts=not self.node.pairs)
        text = write(names)
        if names.is_counted and (names.nodes or source is not None):
            raise Untranslated("$itemIndex beside items of other nodes, or after a rule, has no counterpart")
        return self._filled(word, text, names, source, {})

    def _filled(self, word: str, text: str, names: Names, source: End | None, made: dict[str, End]) -> End:
        """``made``: the pins that have what blocks find out for the same item, by the name in the template."""
        id_ = self.add(word, "FILL_TEXT_TEMPLATE", {"format": f"{n8n_terms.PRELUDE}{text}"})
        self._item(source, (id_, "values_#_item"))
        spoken_of = set(_NAME.findall(text))
        if INDEX in spoken_of and names.is_counted:
            self.link(self.counted(), (id_, f"values_#_{INDEX}"))
        for number, name in enumerate(names.nodes):
            if f"n{number}" in spoken_of or not made:
                self.made.references.append((name, (id_, f"values_#_n{number}")))
        for number, moment in enumerate(names.moments):
            if (key := f"t{number}") in spoken_of:
                if key not in made:
                    made[key] = self._moment(f"{word} time {number + 1}".strip(), moment, names, source, made)
                self.link(made[key], (id_, f"values_#_{key}"))
        for number, ask in enumerate(names.asks):
            if (key := f"h{number}") in spoken_of:
                if key not in made:
                    made[key] = self._asked(f"{word} step {number + 1}".strip(), ask, names, source, made)
                self.link(made[key], (id_, f"values_#_{key}"))
        return id_, "output"

    def _item(self, source: End | None, sink: End) -> None:
        if source is None:
            self.takes(*sink)
        else:
            self.link(source, sink)

    def counted(self) -> End:
        """The pin that has the place of an item among all that come: they are gathered first, all that the node has
        goes on from there."""
        return f"{self.node.id}/each", "key"

    def gathers(self) -> None:
        """Where the place of an item is asked for, all items come together before the rest of the node."""
        end = self.counted()
        if not any(source == end for source, _ in self.made.links):
            return
        taking, self.made.inputs[0] = self.made.inputs[0], []
        gathered = self.add("all", "GATHER")
        each = self.add("each", "STEP_THROUGH_ITEMS")
        self.link((gathered, "items"), (each, "items"))
        for sink in taking:
            self.link((each, "item"), sink)
        self.takes(gathered, "item")

    def _asked(self, word: str, ask: Ask, names: Names, source: End | None, made: dict[str, End]) -> End:
        id_ = self.add(word, ask.block_type, self._zoned(ask.literals))
        for pin, name in ask.items.items():
            if name == "item":
                self._item(source, (id_, pin))
            elif name == INDEX:
                self.link(self.counted(), (id_, pin))
            else:
                self.made.references.append((names.nodes[int(name[1:])], (id_, pin)))
        for pin, text in ask.texts.items():
            self.link(self._filled(f"{word} {pin}", f"{{{{ {text} }}}}", names, source, made), (id_, pin))
        return id_, ask.pin

    def _moment(self, word: str, moment: Moment, names: Names, source: End | None, made: dict[str, End]) -> End:
        """Nodes that say what time it is when an item comes, or which date it names, and what is made of it."""
        zone = self.node.timezone
        if moment.source is None:
            start = self.add(word, "GET_CURRENT_DATE_AND_TIME", {"format_type": _iso(zone)})
            self._item(source, (start, "trigger"))
        else:
            start = self.add(word, "PARSE_DATE", {"timezone": zone})
            text = f"{{{{ {moment.source} }}}}"
            self.link(self._filled(f"{word} text", text, names, source, made), (start, "date"))
        end: End = (start, "date_time")
        for number, (block_type, input_data, pin) in enumerate(moment.steps):
            step = self.add(f"{word}.{number + 1}", block_type, self._zoned(input_data))
            self.link(end, (step, "date"))
            end = (step, pin)
        return end

    def _zoned(self, input_data: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.node.timezone if one == ZONE else one for key, one in input_data.items()}

    def json(self, word: str, parameter: Any) -> End:
        """A template that writes a value as JSON."""
        return self.template(word, lambda names: f"{{{{ ({expressions.value(parameter, names).jinja})|tojson }}}}")

    def text(self, word: str, parameter: Any) -> End:
        """A template that writes a value as a text."""
        return self.template(word, lambda names: f"{{{{ {n8n_terms.text(expressions.value(parameter, names))} }}}}")

    def fails(self, id_: str) -> None:
        """Where a failure of a node goes on: out of an output of its own, or with everything else."""
        node = self.node.raw
        handling = node.get("onError") or ("continueRegularOutput" if node.get("continueOnFail") is True else "")
        if handling not in ("continueErrorOutput", "continueRegularOutput"):
            return
        failed = self.add("error", "CREATE_DICTIONARY", {"values": {}})
        self.link((id_, "error"), (failed, "values_#_error"))
        self.sends(1 if handling == "continueErrorOutput" else 0, (failed, "dictionary"))

    def read(self, source: End) -> End:
        """The value that JSON on a pin says."""
        id_ = self.add(f"{source[0].rpartition('/')[2]} read", "JSON_DECODER")
        self.link(source, (id_, "json_str"))
        return id_, "data"

    def items(self, *sources: End, field_name: str = "data") -> End:
        """Items, one a token, out of what is on a pin: the node that stands for the whole."""
        wrap = self.add("as items", "FILL_TEXT_TEMPLATE", {"format": wrapped(field_name)})
        for source in sources:
            self.link(source, (wrap, "values_#_v"))
        each = self.add("", "STEP_THROUGH_ITEMS")
        self.link((wrap, "output"), (each, "items"))
        return each, "item"


def wrapped(field_name: str) -> str:
    """A template: items out of the value ``v``; what is no object becomes the field of one."""
    return _WRAPPED.replace("FIELD", n8n_terms.quoted(field_name))


def as_object(value: Any) -> Mapping[str, Any]:
    """A parameter that should be an object; empty where it is none."""
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def rest(builder: Builder) -> Sequence[str]:
    """The parameters that nobody asked for and that say something."""
    given, used = builder.node.parameters, builder.made.used
    return [name for name, value in given.items() if name not in used and value not in _EMPTY]
