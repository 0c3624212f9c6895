"""Which graph of a file does a sub-agent node run?

An export of AutoGPT Platform gives every graph another id than its nodes say: the match is by version and the names
of the inputs. Names that look like secrets are compared only where both sides have them: an export strips them out
of ``input_schema``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from shared.domain import analysis
from shared.interop import listed, secrets
from shared.interop.reading import FileGraph, FileNode


def find(node: FileNode, graphs: Sequence[FileGraph], *, by_id: bool) -> tuple[FileGraph | None, str]:
    """The graph that the node runs, and a word on how it was found where that is not certain. ``by_id``: the file
    is ours, and its ids are right."""
    version = node.input_default.get("graph_version")
    same_id = [one for one in graphs if one.id and one.id == node.input_default.get("graph_id")]
    for found in ([one for one in same_id if one.version == version], same_id):
        if len(found) == 1:
            return found[0], ""
    if by_id:
        return None, ""
    children = [one for one in graphs if one.place]
    names = schema_names(node.input_default.get("input_schema"))
    same_version = [one for one in children if one.version == version]
    if names is None:
        return (same_version[0], "Found by its version alone.") if len(same_version) == 1 else (None, "")
    fitting = [one for one in children if _match(names, input_names(one))]
    both = [one for one in fitting if one.version == version]
    if len(both) == 1:
        return both[0], ""
    if both:
        return _best(node, names, both)
    return (fitting[0], "Found by the names of its inputs alone.") if len(fitting) == 1 else (None, "")


def input_names(graph: FileGraph) -> frozenset[str]:
    """The names of a graph's inputs."""
    return _names(graph, inputs=True)


def schema_names(schema: Any) -> frozenset[str] | None:
    """The names of the properties of a JSON Schema; None: it is none."""
    if not isinstance(schema, Mapping):
        return None
    properties = cast(Mapping[str, Any], schema).get("properties", {} if schema else None)
    return frozenset(cast(Mapping[str, Any], properties)) if isinstance(properties, Mapping) else None


def _names(graph: FileGraph, *, inputs: bool) -> frozenset[str]:
    found: set[str] = set()
    for node in graph.nodes:
        block = listed.find(node.block_id)
        name = node.input_default.get("name")
        if block is None or not isinstance(name, str):
            continue
        if analysis.is_input(block.block_type) if inputs else block.block_type == analysis.OUTPUT:
            found.add(name)
    return frozenset(found)


def _match(wanted: frozenset[str], names: frozenset[str]) -> bool:
    return wanted <= names and all(secrets.is_stripped(name) for name in names - wanted)


def _best(node: FileNode, names: frozenset[str], several: Sequence[FileGraph]) -> tuple[FileGraph, str]:
    """Of several that fit, one whose names are all there, and whose outputs are those of the node."""
    outputs = schema_names(node.input_default.get("output_schema")) or frozenset()

    def misfit(graph: FileGraph) -> tuple[bool, bool]:
        return input_names(graph) != names, _names(graph, inputs=False) != outputs

    ordered = sorted(several, key=misfit)
    certain = misfit(ordered[0]) < misfit(ordered[1])
    return ordered[0], "" if certain else f"{len(several)} graphs of the file fit; the first was taken."


def cycle(edges: Mapping[int, Sequence[tuple[str, int]]]) -> str | None:
    """``edges``: position of a graph -> the places of its sub-agent nodes and the graphs that they run. The place of
    a node that closes a cycle; None: there is none."""
    done: set[int] = set()
    for start in edges:
        path: list[int] = [start]
        left = [iter(edges.get(start, ()))]
        while left:
            step = next(left[-1], None)
            if step is None:
                done.add(path.pop())
                left.pop()
            elif step[1] in path:
                return step[0]
            elif step[1] not in done:
                path.append(step[1])
                left.append(iter(edges.get(step[1], ())))
    return None
