"""How does a graph look to its owner? The stored part, and what is computed from it.

What is computed depends on the version and on the blocks of this deployment, neither of which changes in the
life of an instance: it is kept.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from shared.blocks import catalog
from shared.domain import credentials, interface, validation
from shared.domain.origins import Origin
from shared.domain.plan import Problem
from shared.firestore.graphs import Head, Version
from shared.services import etags

MAX_KEPT = 256
READ_ONLY = frozenset(
    {
        *("id", "graph_id", "version", "active_version", "latest_version", "is_active_version", "user_id", "etag"),
        *("created_at", "updated_at", "input_schema", "output_schema", "credentials_schema", "problems", "warnings"),
        "origin",
    }
)
"""What a graph and a version have that no client writes."""

_kept: OrderedDict[tuple[str, int], tuple[Version, dict[str, Any]]] = OrderedDict()

NOTHING_COMPUTED: dict[str, Any] = {
    "input_schema": None,
    "output_schema": None,
    "credentials_schema": None,
    "problems": [],
    "warnings": [],
}


def resource(head: Head, shown: Version) -> dict[str, Any]:
    """The graph, in its active version."""
    return {
        "id": head.id,
        "version": shown.number,
        "active_version": head.active_version,
        "latest_version": head.latest_version,
        "name": head.name,
        "description": head.description,
        "instructions": head.instructions,
        "nodes": shown.graph.nodes,
        "links": shown.graph.links,
        "on_error": shown.graph.on_error,
        "is_active": head.is_active,
        "user_id": head.user_id,
        "origin": origin(head.origin),
        "created_at": head.created_at,
        "updated_at": head.updated_at,
        "etag": etags.etag(head.fence),
        **computed(shown),
    }


def origin(found: Origin | None) -> dict[str, Any] | None:
    """Whose work it is, where it is not its owner's."""
    if found is None:
        return None
    return {
        "source": found.source,
        "graph_id": found.graph_id or None,
        "listing_id": found.listing_id or None,
        "version": found.version,
        "title": found.title,
        "creator_id": found.creator_id or None,
        "creator_name": found.creator_name,
    }


def version(head: Head, shown: Version) -> dict[str, Any]:
    """One version; its id is its number."""
    return {
        "id": str(shown.number),
        "graph_id": head.id,
        "version": shown.number,
        "is_active_version": shown.number == head.active_version,
        "nodes": shown.graph.nodes,
        "links": shown.graph.links,
        "on_error": shown.graph.on_error,
        "created_at": shown.created_at,
        **computed(shown),
    }


def problems(shown: Version, choices: Mapping[str, str] | None = None) -> list[Problem]:
    """What the version lacks; where none is blocking, it can be executed. ``choices``: the credentials that an
    execution brings."""
    graph = credentials.with_choices(shown.graph, catalog.specs(), choices or {})
    return [*validation.problems(graph, catalog.specs()), *shown.plan.problems]


def computed(shown: Version) -> dict[str, Any]:
    """``input_schema, output_schema, credentials_schema, problems, warnings``."""
    key = (shown.graph_id, shown.number)
    kept = _kept.get(key)
    if kept is None or kept[0] is not shown:
        kept = (shown, _compute(shown))
        _kept[key] = kept
        if len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return kept[1]


def _compute(shown: Version) -> dict[str, Any]:
    specs = catalog.specs()
    return {
        "input_schema": interface.input_schema(shown.graph, specs),
        "output_schema": interface.output_schema(shown.graph),
        "credentials_schema": interface.credentials_schema(shown.graph, specs),
        "problems": [
            {"field": one.field, "message": one.message, "blocking": one.blocking} for one in problems(shown)
        ],
        "warnings": [
            {
                "reason": advice.reason,
                "field": field,
                "node_id": node.id,
                "message": f"The node {node.id!r} ({node.block_type}) {advice.message}",
                "metadata": dict(advice.metadata),
            }
            for field, node, advice in validation.warnings(shown.graph, specs)
        ],
    }
