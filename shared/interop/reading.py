"""What does an exported file say, and where is it not a file of this kind?

The shape alone: texts are texts, ids differ, counts stay within limits. Every violation has its place in the file.
What the parts mean is the question of ``autogpt``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from shared.domain.fields import Fields, at, kind

MAX_GRAPHS = 100
MAX_NODES = 2_000
MAX_LINKS = 10_000
MAX_DEFAULTS = 40_000
"""Of all graphs of a file together."""
MAX_ID = 200
MAX_PIN = 1_000

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNode:
    place: str
    id: str
    block_id: str
    input_default: Raw
    metadata: Raw
    raw: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """``id``: empty where the file has none."""

    place: str
    id: str
    source_id: str
    source_name: str
    sink_id: str
    sink_name: str
    is_static: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGraph:
    """``own``: what an export of ours adds; None: it is of AutoGPT Platform. ``place``: empty for the first."""

    place: str
    id: str
    version: int
    nodes: Sequence[FileNode]
    links: Sequence[FileLink]
    own: Raw | None
    raw: Raw


def read(raw: Raw, fields: Fields) -> list[FileGraph]:
    """The graph and its sub-graphs, flat. Only to be used where ``fields`` has no violations."""
    subs = [(place, sub) for place, _, sub in fields.objects(raw, "sub_graphs")]
    graphs = [("", raw), *subs]
    if len(graphs) > MAX_GRAPHS:
        fields.wrong("sub_graphs", f"It has {len(graphs) - 1} graphs; {MAX_GRAPHS - 1} is the limit.")
        return []
    if not _check_counts(fields, graphs):
        return []
    return [_graph(fields, place, one) for place, one in graphs]


def _check_counts(fields: Fields, graphs: Sequence[tuple[str, Raw]]) -> bool:
    limits = {"nodes": MAX_NODES, "links": MAX_LINKS, "input_default": MAX_DEFAULTS}
    counts = dict.fromkeys(limits, 0)
    for place, graph in graphs:
        nodes = graph.get("nodes")
        for name in ("nodes", "links"):
            counts[name] += _length(graph.get(name))
        if isinstance(nodes, list):
            counts["input_default"] += sum(
                _length(cast(Raw, one).get("input_default"))
                for one in cast(list[Any], nodes)
                if isinstance(one, Mapping)
            )
        for name, limit in limits.items():
            if counts[name] > limit:
                where = at(place, "nodes" if name == "input_default" else name)
                fields.wrong(where, f"A file may have {limit:,} {name} in all its graphs together.")
                return False
    return True


def _length(value: Any) -> int:
    return len(cast(list[Any], value)) if isinstance(value, list | dict) else 0


def _graph(fields: Fields, place: str, raw: Raw) -> FileGraph:
    local = Fields()
    nodes = [_node(local, at_, one) for at_, _, one in local.objects(raw, "nodes")]
    links = [_link(local, at_, one) for at_, _, one in local.objects(raw, "links")]
    if not raw.get("links"):
        links = _links_of_nodes(local, nodes)
    _check_ids(local, [(one.place, one.id) for one in nodes])
    _check_ids(local, [(one.place, one.id) for one in links])
    known = {one.id for one in nodes}
    for link in links:
        for end, node_id in (("source", link.source_id), ("sink", link.sink_id)):
            if node_id and node_id not in known:
                local.wrong(at(link.place, f"{end}_id"), f"There is no node {node_id!r} in this graph.")
    for name in ("name", "description", "instructions"):
        if raw.get(name) is not None and not isinstance(raw[name], str):
            local.wrong(name, f"It must be a text, not {kind(raw[name])}.")
    local.flag(raw, "is_active")
    own = raw.get("weftly")
    read_ = FileGraph(
        place=place,
        id=_id(local, raw, "id"),
        version=_version(local, raw),
        nodes=[replace(one, place=at(place, one.place)) for one in nodes],
        links=[replace(one, place=at(place, one.place)) for one in links],
        own=local.object(raw, "weftly", "") if own is not None else None,
        raw=raw,
    )
    for one in local.violations:
        fields.wrong(at(place, one.field), one.description)
    return read_


def _id(fields: Fields, raw: Raw, name: str) -> str:
    return fields.text(raw, name, most=MAX_ID)


def _version(fields: Fields, raw: Raw) -> int:
    return fields.integer(raw, "version", least=0, most=2**53) or 0


def _node(fields: Fields, place: str, raw: Raw) -> FileNode:
    metadata = fields.object(raw, "metadata", place)
    position = fields.object(metadata, "position", at(place, "metadata"))
    for axis in position:
        fields.number(position, axis, at(place, "metadata.position"), most=float("inf"))
    return FileNode(
        place=place,
        id=fields.text(raw, "id", place, least=1, most=MAX_ID),
        block_id=fields.text(raw, "block_id", place, least=1, most=MAX_ID),
        input_default=fields.object(raw, "input_default", place),
        metadata=metadata,
        raw=raw,
    )


def _link(fields: Fields, place: str, raw: Raw) -> FileLink:
    return FileLink(
        place=place,
        id=fields.text(raw, "id", place, most=MAX_ID),
        source_id=fields.text(raw, "source_id", place, least=1, most=MAX_ID),
        source_name=fields.text(raw, "source_name", place, least=1, most=MAX_PIN),
        sink_id=fields.text(raw, "sink_id", place, least=1, most=MAX_ID),
        sink_name=fields.text(raw, "sink_name", place, least=1, most=MAX_PIN),
        is_static=fields.flag(raw, "is_static", place),
    )


def _links_of_nodes(fields: Fields, nodes: Sequence[FileNode]) -> list[FileLink]:
    """A file without ``links`` may have them at its nodes, each at both of its ends."""
    found: dict[str, FileLink] = {}
    for node in nodes:
        for side in ("output_links", "input_links"):
            copies = node.raw.get(side)
            if copies is not None and not isinstance(copies, list):
                fields.wrong(at(node.place, side), f"It must be a list, not {kind(copies)}.")
                continue
            for position, one in enumerate(cast(list[Any], copies or [])):
                place = f"{at(node.place, side)}[{position}]"
                if not isinstance(one, Mapping):
                    fields.wrong(place, f"It must be an object, not {kind(one)}.")
                    continue
                link = _link(fields, place, cast(Raw, one))
                found.setdefault(link.id or place, link)
    return list(found.values())


def _check_ids(fields: Fields, ids: Sequence[tuple[str, str]]) -> None:
    first: dict[str, str] = {}
    for place, found in ids:
        if found and found in first:
            fields.wrong(at(place, "id"), f"{found!r} is the id of {first[found]} too; ids must differ.")
        first.setdefault(found, place)
