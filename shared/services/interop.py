"""How do agents come in from a file, and how do they leave as one? All graphs of a file are saved, or none."""

import asyncio
from collections.abc import Mapping
from typing import Any

from shared.blocks import catalog
from shared.domain import errors, identity
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import graphs
from shared.firestore.graphs import Head, Version
from shared.interop import exporting, files
from shared.interop.autogpt import NAMELESS
from shared.interop.exporting import Exported, Reference
from shared.interop.imported import Imported
from shared.services import graphs as graph_service
from shared.services import texts

MAX_BYTES = 9_000_000
"""Of all versions of a file with their plans: one write of Firestore takes 10 MiB
(https://firebase.google.com/docs/firestore/quotas#writes_and_transactions)."""
MAX_EXPORTED = 100

Resource = dict[str, Any]


async def import_file(caller: Caller, raw: Any, graph_id: str) -> Resource:
    """``{graph, sub_graphs, report}``. InvalidArgument with every violation at its place in the file. What is saved
    takes its ids from ``graph_id``: a repetition of this very request finds what it made."""
    imported, made = await build(caller, raw, graph_id)
    if not await graphs.create_all(made):
        for head, _ in made:
            await graph_service.owned(caller, head.id)
    read = [await graph_service.get(caller, head.id) for head, _ in made]
    report = {**imported.report.resource(), "credentials": [one for graph in read for one in _credentials(graph)]}
    return {"graph": read[0], "sub_graphs": read[1:], "report": report}


async def build(
    caller: Caller, raw: Any, graph_id: str, salt: str = ""
) -> tuple[Imported, list[tuple[Head, Version]]]:
    """What a file would make, the first of which runs the others. ``salt``: tells sub-agents from those that the same
    graph had before. InvalidArgument."""
    fields = Fields()
    imported = await asyncio.to_thread(files.translate, raw, catalog.specs(), _ids(graph_id, salt), fields)
    if imported is None or fields.violations:
        raise _refused(fields.violations)
    return imported, await _built(caller, imported)


def _ids(graph_id: str, salt: str) -> Any:
    causes = (graph_id, "sub_graph", *((salt,) if salt else ()))

    def id_of(position: int) -> str:
        return identity.derive(*causes, str(position)) if position else graph_id

    return id_of


async def _built(caller: Caller, imported: Imported) -> list[tuple[Head, Version]]:
    made: list[tuple[Head, Version]] = []
    violations: list[Violation] = []
    for one in imported.graphs:
        try:
            body = {**one.body, "name": texts.plain(str(one.body["name"])) or NAMELESS}
            made.append(await graph_service.build(caller, body, one.id))
        except errors.InvalidArgument as error:
            violations += [Violation(one.field_of(found.field), found.description) for found in error.violations]
    if violations:
        raise _refused(violations)
    size = sum(graphs.version_bytes(version) for _, version in made)
    if size > MAX_BYTES:
        message = f"The graphs have {size:,} bytes together; {MAX_BYTES:,} is the limit. Import them apart."
        raise _refused([Violation("sub_graphs", message)])
    return made


def _credentials(graph: Mapping[str, Any]) -> list[Resource]:
    """What a run of the graph needs of credentials."""
    schema = graph["credentials_schema"]
    return [
        {
            "graph_id": graph["id"],
            "name": name,
            "provider": one["provider"],
            "kinds": one["kinds"],
            "required": name in schema["required"],
            "node_ids": one["nodes"],
        }
        for name, one in schema["properties"].items()
    ]


def _refused(violations: list[Violation]) -> errors.InvalidArgument:
    return errors.invalid("The file cannot be imported", violations, reason="INVALID_EXPORT")


async def export_file(caller: Caller, graph_id: str) -> Resource:
    """The active version as a file that imports again, with the graphs of the caller's that it runs. NotFound."""
    root, found = await gather(caller, await graph_service.owned(caller, graph_id))
    return await asyncio.to_thread(exporting.file, root, found, catalog.specs())


async def gather(caller: Caller, head: Head) -> tuple[Exported, dict[Reference, Exported]]:
    """The active version, and the graphs of the caller's that it and they run. InvalidArgument: too many."""
    root = _exported(head, await graphs.get_version(head.id, head.active_version))
    found: dict[Reference, Exported] = {}
    left = exporting.references(root.graph)
    seen = set(left)
    while left:
        reference = left.pop(0)
        child = await _child(caller, reference)
        if child is None:
            continue
        found[reference] = child
        if len(found) >= MAX_EXPORTED:
            raise errors.InvalidArgument(
                f"The graph {head.id} runs {MAX_EXPORTED} graphs or more; a file has no place for so many.",
                metadata={"graph_id": head.id},
            )
        more = [one for one in exporting.references(child.graph) if one not in seen]
        seen.update(more)
        left += more
    return root, found


async def _child(caller: Caller, reference: Reference) -> Exported | None:
    graph_id, number = reference
    head = await graphs.find(graph_id)
    if head is None or head.user_id != caller.user_id:
        return None
    version = (await graphs.find_versions([(head.id, head.active_version if number is None else number)]))[0]
    return _exported(head, version) if version else None


def _exported(head: Head, version: Version) -> Exported:
    texts = {
        "name": head.name,
        "description": head.description,
        "instructions": head.instructions,
        "is_active": head.is_active,
    }
    return Exported(graph_id=head.id, number=version.number, texts=texts, graph=version.graph)
