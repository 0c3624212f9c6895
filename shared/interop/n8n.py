"""Which graphs do workflows of n8n become?

Each node becomes one or a few here (``n8n_nodes``), a placeholder where it has no counterpart, a note where nothing
leads to it. Triggers are inputs of the agent: the first has an item to begin with, the others begin when a run gives
them one. Connections lead every item on by itself; items of other nodes that an expression speaks of are static.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from shared.domain.fields import Fields, at
from shared.domain.spec import Catalog
from shared.interop import (
    n8n_calls,
    n8n_fragments,
    n8n_http,
    n8n_nodes,
    n8n_reading,
    n8n_shape,
    n8n_workflows,
    secrets,
)
from shared.interop.imported import IdOf, Imported, ImportedGraph
from shared.interop.n8n_fragments import Builder, End, Fragment, N8nNode
from shared.interop.n8n_shape import Whole
from shared.interop.n8n_terms import Untranslated
from shared.interop.n8n_workflows import Held
from shared.interop.report import Report, shown

_BLOCK = "HTTP_REQUEST"
_ELSEWHERE = {"httpRequest": n8n_http.translate, n8n_workflows.RUNS: n8n_calls.translate}
_SETTINGS = {
    "executeOnce": "A node fires for each item.",
    "alwaysOutputData": "What emits nothing sends nothing on.",
}


def translate(files: Sequence[Mapping[str, Any]], catalog: Catalog, id_of: IdOf, fields: Fields) -> Imported | None:
    """The graphs of workflows, with those that their nodes hold, and the report; None where ``fields`` says what is
    wrong with them."""
    several = n8n_workflows.read(files, fields)
    if fields.violations:
        return None
    report = Report(source="n8n")
    ids = [id_of(position) for position in range(len(several))]
    runs = n8n_workflows.runs(several)
    wholes = [
        n8n_shape.of(
            held.workflow,
            _timezone(held.raw),
            n8n_workflows.begins(held, position, runs),
            is_run=position in runs.values(),
        )
        for position, held in enumerate(several)
    ]
    known = n8n_workflows.resolved(wholes, runs, ids)
    graphs = [_graph(held, whole, id_, report) for held, whole, id_ in zip(several, known, ids, strict=True)]
    return Imported(graphs=graphs, report=report)


def _graph(held: Held, whole: Whole, id_: str, report: Report) -> ImportedGraph:
    report.understood("graph", held.place, "", "Under a new id.")
    drafts = {node.name: _draft(node, whole) for node in whole.nodes}
    fed = _fed(whole, {name: fragment for name, (fragment, _) in drafts.items()})
    unfed, whole = whole.reached - fed, replace(whole, reached=fed)
    made: dict[str, Fragment] = {}
    for node in whole.nodes:
        made[node.name], own = _draft(node, whole) if node.name in unfed else drafts[node.name]
        report.entries += own.entries
    links = list(_links(whole, made, report))
    nodes = [one for fragment in made.values() for one in fragment.nodes]
    if whole.begins and (sent := _sent_back(whole, made)):
        answer = f"{whole.workflow.by_name[whole.begins].id}/items"
        nodes.append({"id": answer, "block_type": "AGENT_OUTPUT", "input_data": {"name": n8n_workflows.ITEMS}})
        links += [(end, (answer, "value"), False) for end in sent]
    body = {
        "name": whole.workflow.name,
        "nodes": nodes,
        "links": [_link(number, *one) for number, one in enumerate(links)],
    }
    _report_rest(held, report)
    return ImportedGraph(id=id_, place=held.place, body=body, field_of=lambda one: at(held.place, one))


def _sent_back(whole: Whole, made: Mapping[str, Fragment]) -> Sequence[End]:
    """What a workflow's last nodes send to the one that runs it, beside its answers."""
    ends = [end for name, output in n8n_shape.ends(whole) for end in _sources(name, output, whole, made, ())]
    return list(dict.fromkeys(ends))


def _draft(node: N8nNode, whole: Whole) -> tuple[Fragment, Report]:
    report = Report(source="n8n")
    return _fragment(node, whole, report), report


def _fed(whole: Whole, made: Mapping[str, Fragment]) -> frozenset[str]:
    """The nodes that items come to: a rule that a Switch does not have sends none."""
    found = {node.name for node in whole.nodes if node.kind in n8n_nodes.TRIGGERS}
    grew = True
    while grew:
        new = {
            one.sink
            for one in whole.workflow.connections
            if one.source in found and one.sink not in found and _sources(one.source, one.output, whole, made, ())
        }
        found |= new
        grew = bool(new)
    return frozenset(found)


def _timezone(raw: Mapping[str, Any]) -> str:
    """Of the workflow, where it names one (https://docs.n8n.io/workflows/settings/)."""
    settings = raw.get("settings")
    zone = cast(Mapping[str, Any], settings).get("timezone") if isinstance(settings, Mapping) else None
    return zone if isinstance(zone, str) and zone not in ("", "DEFAULT") else "UTC"


def _link(number: int, source: End, sink: End, is_static: bool) -> dict[str, Any]:
    ends = {"source_id": source[0], "source_name": source[1], "sink_id": sink[0], "sink_name": sink[1]}
    return {"id": f"link-{number}", **ends, "is_static": is_static}


def _fragment(node: N8nNode, whole: Whole, report: Report) -> Fragment:
    builder = Builder(node)
    if node.kind in n8n_nodes.TRIGGERS:
        _trigger(builder, whole)
        report.changed("node", node.place, f"An input of the agent: {node.name}.", node.id)
    elif node.kind == n8n_nodes.NOTE:
        builder.add("", "NOTE", {"text": str(builder.take("content") or "")})
        report.understood("node", node.place, node.id, "NOTE")
    elif node.name not in whole.reached:
        text = json.dumps({"type": node.type, "parameters": secrets.without(node.parameters)})
        builder.add("", "NOTE", {"text": text})
        builder.made.used.update(node.parameters)
        report.changed("node", node.place, "No trigger leads to it: kept as a note.", node.id)
    elif n8n_shape.is_disabled(node):
        n8n_nodes.nothing(builder)
        report.changed("node", node.place, "It is disabled: it sends on what comes.", node.id)
    else:
        builder = _counterpart(node, report)
    _settings(builder, report)
    _report_parameters(builder, report)
    return builder.made


def _trigger(builder: Builder, whole: Whole) -> None:
    node = builder.node
    data: dict[str, Any] = {"name": node.name, "optional": True}
    if node.name == whole.first_trigger:
        data = {"name": node.name, "value": n8n_nodes.TRIGGERS[node.kind]}
    if node.name == whole.begins:
        n8n_calls.begin(builder, data)
        return
    id_ = builder.add("", "AGENT_INPUT", data)
    builder.sends(0, (id_, "result"))


def _counterpart(node: N8nNode, report: Report) -> Builder:
    """The node's translation; a placeholder where it has none."""
    write = _ELSEWHERE.get(node.kind) or n8n_nodes.COUNTERPARTS.get(node.kind)
    builder = Builder(node)
    reason = "It has no counterpart here."
    if write is not None and node.type.startswith("n8n-nodes-base."):
        try:
            write(builder)
            builder.gathers()
        except Untranslated as error:
            reason = f"It cannot be translated: {error}."
        else:
            kind = next(one["block_type"] for one in builder.made.nodes if one["id"] == node.id)
            more = len(builder.made.nodes) - 1
            report.understood("node", node.place, node.id, kind if not more else f"{kind}, and {more} nodes for it")
            return builder
    builder = Builder(node)
    data = secrets.without(dict(node.parameters))
    id_ = builder.add("", "PLACEHOLDER", {"missing_block": node.type, "reason": reason, "data": data})
    for number in range(n8n_reading.MAX_OUTPUTS):
        builder.takes(id_, f"input_{number}", number)
        builder.sends(number, (id_, f"output_{number}"))
    builder.made.used.update(node.parameters)
    report.missing("node", node.place, f"{shown(node.type)}: a placeholder. {reason}", node.id)
    return builder


def _settings(builder: Builder, report: Report) -> None:
    """Attempts, notes, and what has no counterpart."""
    node, raw = builder.node, builder.node.raw
    if raw.get("retryOnFail") is True:
        tries, wait = raw.get("maxTries", 3), raw.get("waitBetweenTries", 1_000)
        for one in builder.made.nodes:
            if one["block_type"] == _BLOCK:
                one["max_attempts"] = min(10, max(1, tries)) if isinstance(tries, int) else 3
                one["backoff"] = min(3_600.0, max(0.1, wait / 1_000)) if isinstance(wait, int | float) else 1.0
    if isinstance(raw.get("notes"), str) and raw["notes"]:
        builder.made.nodes[0]["metadata"]["notes"] = raw["notes"]
    for name, message in _SETTINGS.items():
        if raw.get(name) is True:
            report.missing("field", at(node.place, name), message, node.id)
    if raw.get("credentials"):
        message = "Credentials are chosen here anew, on the credentials pin."
        report.changed("field", at(node.place, "credentials"), message, node.id)


def _report_parameters(builder: Builder, report: Report) -> None:
    node = builder.node
    left = set(n8n_fragments.rest(builder))
    for name in node.parameters:
        place = at(at(node.place, "parameters"), shown(name))
        if name in builder.made.notes:
            report.changed("default", place, builder.made.notes[name], node.id)
        elif name in left and node.kind in n8n_nodes.TRIGGERS:
            report.missing("default", place, "Schedules and webhooks are made for a graph here.", node.id)
        elif name in left:
            report.missing("default", place, "It has no counterpart.", node.id)
        else:
            report.understood("default", place, node.id)
    for where, message in builder.made.lost.items():
        report.missing("default", f"{at(node.place, 'parameters')}.{where}", message, node.id)


def _links(whole: Whole, made: Mapping[str, Fragment], report: Report) -> Iterator[tuple[End, End, bool]]:
    for fragment in made.values():
        for source, sink in fragment.links:
            yield source, sink, False
    for one in whole.workflow.connections:
        if one.source not in whole.reached:
            report.changed("link", one.place, "No trigger leads to it.")
            continue
        if n8n_shape.comes_back(one, whole.workflow):
            report.changed("link", one.place, "Items go through the loop by themselves; what comes back is done.")
            continue
        sinks = _at(made[one.sink].inputs, one.input)
        sources = _sources(one.source, one.output, whole, made, ())
        if sources and sinks:
            report.understood("link", one.place)
        else:
            report.missing("link", one.place, "Nothing leaves or takes anything there.")
        for source in sources:
            for sink in sinks:
                yield source, sink, False
    for fragment in made.values():
        for name, sink in fragment.references:
            used = {one.output for one in whole.workflow.connections if one.source == name}
            for number in sorted(used | {0}):
                for source in _sources(name, number, whole, made, ()):
                    yield source, sink, True


def _sources(
    name: str, output: int, whole: Whole, made: Mapping[str, Fragment], asked: tuple[str, ...]
) -> Sequence[End]:
    """The pins from which items leave a node by an output; of a loop's end: those that come back to it."""
    node = whole.workflow.by_name[name]
    is_done = (
        node.kind == n8n_nodes.LOOP and not n8n_shape.is_disabled(node) and output == (0 if node.version >= 3 else 1)
    )
    if not is_done or name in asked:
        return _at(made[name].outputs, output)
    back = [
        one for one in whole.workflow.connections if one.sink == name and n8n_shape.comes_back(one, whole.workflow)
    ]
    found = [end for one in back for end in _sources(one.source, one.output, whole, made, (*asked, name))]
    return list(dict.fromkeys(found))


def _at(several: Sequence[Sequence[End]], number: int) -> Sequence[End]:
    return several[number] if number < len(several) else []


def _report_rest(held: Held, report: Report) -> None:
    raw = held.raw
    if raw.get("settings"):
        report.changed("field", at(held.place, "settings"), "Their time zone is kept for times; nothing else.")
    for name in ("pinData", "staticData", "meta", "tags"):
        if raw.get(name):
            report.missing(
                "field", at(held.place, name), "It has no counterpart." if name != "meta" else "Of n8n itself."
            )
    if raw.get("active") is not None:
        report.changed("field", at(held.place, "active"), "An imported graph is active; a trigger is an input of it.")
