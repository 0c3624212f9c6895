"""What exactly is published of a graph? A copy, made when it is submitted: what is reviewed is what others get.

It is the file of an export (``interop/exporting.py``), with the graphs that the agent runs, without secrets and
without what its owner runs it with (``interop/publishing.py``).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.blocks import catalog
from shared.domain import credentials, errors, interface, validation
from shared.domain.errors import Violation
from shared.domain.origins import Origin
from shared.domain.permissions import Caller
from shared.firestore.graphs import Head
from shared.interop import exporting, publishing
from shared.interop.exporting import Exported, Reference
from shared.services import frozen_copies, interop

MAX_BYTES = 8_000_000
"""Of a copy, compressed: one commit of Firestore takes 10 MiB
(https://firebase.google.com/docs/firestore/quotas#writes_and_transactions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """``left_out``: names of inputs whose values the copy does not have."""

    graph_version: int
    parts: Sequence[bytes]
    left_out: Sequence[str]


async def freeze(caller: Caller, head: Head, kept: Collection[str]) -> Frozen:
    """A copy of the active version. ``kept``: names of inputs whose values may be seen. InvalidArgument: the graph
    cannot be executed yet, runs one that is not the caller's, holds what looks like a key, or is too large."""
    root, found = await interop.gather(caller, head)
    return await asyncio.to_thread(_frozen, root, found, kept, head.origin)


def _frozen(
    root: Exported, found: Mapping[Reference, Exported], kept: Collection[str], origin: Origin | None
) -> Frozen:
    graphs = [root, *found.values()]
    _check_whole(root, found)
    clean = {id(one): publishing.cleaned(one, kept) for one in graphs}
    _check_keys([clean[id(one)] for one in graphs])
    children = {reference: clean[id(one)] for reference, one in found.items()}
    file = exporting.file(clean[id(root)], children, catalog.specs())
    packed = frozen_copies.pack(file, {**_about(clean[id(root)]), "forked_from": _forked_from(origin)})
    if len(packed) > MAX_BYTES:
        message = f"The agent has {len(packed):,} bytes compressed; {MAX_BYTES:,} is the limit."
        raise errors.InvalidArgument(message, violations=[Violation("graph_id", message)])
    return Frozen(
        graph_version=root.number,
        parts=frozen_copies.parts(packed),
        left_out=list(dict.fromkeys(name for one in graphs for name in publishing.left_out(one.graph, kept))),
    )


def _about(root: Exported) -> dict[str, Any]:
    """What its takers want to know before they take it."""
    graph, specs = root.graph, catalog.specs()
    return {
        "instructions": root.texts.get("instructions", ""),
        "nodes": len(graph.nodes),
        "input_schema": interface.input_schema(graph, specs),
        "output_schema": interface.output_schema(graph),
        "credentials_schema": interface.credentials_schema(graph, specs),
    }


def _forked_from(origin: Origin | None) -> dict[str, Any] | None:
    """Whose work in the store it is a fork of. Without who that is: it must not outlive
    their account."""
    if origin is None or not origin.listing_id:
        return None
    return {"listing_id": origin.listing_id, "version": origin.version, "title": origin.title}


def _check_whole(root: Exported, found: Mapping[Reference, Exported]) -> None:
    """Credentials are for those who run it to bring; everything else must be there."""
    specs = catalog.specs()
    bring = {f"nodes[{use.position}].input_data.{use.name}" for use in credentials.uses(root.graph, specs)}
    lacking = [
        Violation(one.field, one.message)
        for one in validation.problems(root.graph, specs)
        if one.blocking and one.field not in bring
    ]
    if lacking:
        raise errors.InvalidArgument(
            f"The graph cannot be executed yet, so it cannot be published: {lacking[0].description}",
            reason="GRAPH_UNFINISHED",
            violations=lacking,
        )
    graphs = [root, *found.values()]
    wanted = [reference for one in graphs for reference in exporting.references(one.graph)]
    if strange := publishing.unknown(graphs, list(found), wanted):
        message = (
            f"The agent runs graphs that are not yours, or not there: {', '.join(strange)}. Only your own go along."
        )
        raise errors.InvalidArgument(
            message, reason="SUB_AGENT_NOT_FOUND", violations=[Violation("graph_id", message)]
        )


def _check_keys(graphs: Sequence[Exported]) -> None:
    found = [
        one
        for position, graph in enumerate(graphs)
        for one in publishing.keys_in(graph, f"sub_graphs[{position - 1}]." if position else "")
    ]
    if found:
        raise errors.InvalidArgument(
            "The agent holds what looks like keys or passwords; everybody could read them. Take them out, and let "
            "those who run it bring their own by an input or credentials.",
            reason="SECRET_IN_GRAPH",
            violations=[Violation(one.field, f"It holds what looks like {one.what}.") for one in found],
        )
