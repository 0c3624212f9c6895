"""What of a graph may everybody see, when its owner publishes it? The agent, and nothing that is the owner's own.

Beside what ``exporting`` leaves out of every file, these go: the values of inputs, which are what the owner runs it
with, unless the owner says that they may be seen; whatever stands under the name of a secret, at any depth; and what
clients keep with nodes. A key that stands in the middle of a text cannot be taken out without breaking the agent:
``keys_in`` finds it, by its form.
"""

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import analysis, pins
from shared.domain.graph import Graph, Node
from shared.interop import secrets
from shared.interop.exporting import Exported, Reference

_FORMS: Mapping[str, str] = {
    "a key of this platform": r"\bwk_[0-9a-z]{26}_[0-9A-Za-z_-]{43}",
    "a key of a language model's provider": r"\bsk-(?:[A-Za-z]+-)*[A-Za-z0-9_-]{20,}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "a GitHub token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})",
    "a GitLab token": r"\bglpat-[0-9A-Za-z_-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Hugging Face token": r"\bhf_[0-9A-Za-z]{30,}",
    "a SendGrid key": r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a signed token": r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}",
    "a bearer token": r"(?i:\bbearer)\s+[0-9A-Za-z._~+/-]{20,}",
    "a password in an address": r"(?i:\b[a-z][a-z0-9+.-]*)://[^\s/:@{}]+:[^\s/@{}]+@",
    "a key in an address": r"[?&](?i:(?:api|access)[-_]?(?:key|token)|token|secret|password)=[^\s&{}\"']{8,}",
}
_KEY = re.compile("|".join(f"(?:{form})" for form in _FORMS.values()))
_SINGLE = {what: re.compile(form) for what, form in _FORMS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that looks like a key: where it stands, and what it looks like."""

    field: str
    what: str


def cleaned(one: Exported, kept: Collection[str]) -> Exported:
    """A graph without what is its owner's own. ``kept``: names of inputs whose values may be seen."""
    nodes = [_cleaned(node, kept) for node in one.graph.nodes]
    return dataclasses.replace(
        one, texts={**one.texts, "is_active": True}, graph=dataclasses.replace(one.graph, nodes=nodes)
    )


def left_out(graph: Graph, kept: Collection[str]) -> list[str]:
    """The names of the inputs that lose their values."""
    names = [
        str(node.input_data.get("name") or node.id)
        for node in graph.nodes
        if analysis.is_input(node.block_type) and node.input_data.get("value") is not None
        if not _keeps_value(node, kept)
    ]
    return list(dict.fromkeys(names))


def unknown(graphs: Sequence[Exported], found: Collection[Reference], references: Collection[Reference]) -> list[str]:
    """The ids of graphs that are run and are not among those found: their owner's no longer, or another's."""
    known = {one.graph_id for one in graphs}
    return sorted({graph_id for graph_id, _ in set(references) - set(found)} - known)


def keys_in(graph: Graph, place: str) -> list[Found]:
    """What looks like a key in the literals of a graph that is cleaned; ``place``: the graph's, in what is told."""
    found: list[Found] = []
    for position, node in enumerate(graph.nodes):
        for field, text in _texts(f"{place}nodes[{position}].input_data", node.input_data):
            if _KEY.search(text):
                found.append(Found(field=field, what=looks_like(text)))
    return found


def looks_like(text: str) -> str:
    """What the first key in a text looks like; "": there is none."""
    return next((what for what, form in _SINGLE.items() if form.search(text)), "")


def _cleaned(node: Node, kept: Collection[str]) -> Node:
    data = {
        name: secrets.without(value)
        for name, value in node.input_data.items()
        if isinstance(value, bool) or not _is_secret(name)
    }
    if analysis.is_input(node.block_type) and not _keeps_value(node, kept):
        data.pop("value", None)
    return dataclasses.replace(node, input_data=data, metadata={})


def _keeps_value(node: Node, kept: Collection[str]) -> bool:
    return node.input_data.get("name") in kept and not node.input_data.get("secret")


def _is_secret(pin: str) -> bool:
    """Whether a pin, or the part of one that a literal is for, has the name of a secret."""
    base, steps = pins.split(pin)
    return any(secrets.is_secret(str(name)) for name in (base, *(step.key for step in steps)))


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a value, the keys of objects among them, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, one in cast(Mapping[str, Any], value).items():
            yield place, str(name)
            yield from _texts(f"{place}.{name}", one)
    elif isinstance(value, list):
        for position, one in enumerate(cast(list[Any], value)):
            yield from _texts(f"{place}[{position}]", one)
