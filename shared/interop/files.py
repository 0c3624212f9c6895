"""Whose file is it, and what does it become? ``translate`` is the one way in."""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain.fields import Fields, kind
from shared.domain.spec import Catalog
from shared.interop import autogpt, n8n, n8n_reading
from shared.interop.imported import IdOf, Imported


def translate(raw: Any, catalog: Catalog, id_of: IdOf, fields: Fields) -> Imported | None:
    """The graphs of an exported file; None where ``fields`` says what is wrong with it. A list of one file is that
    file; one of several workflows is what n8n writes when it exports all."""
    if isinstance(raw, list):
        several = cast(list[Any], raw)
        workflows = [cast(Mapping[str, Any], one) for one in several if _is_workflow(one)]
        if len(several) > 1 and len(workflows) == len(several):
            return n8n.translate(workflows, catalog, id_of, fields)
        if len(several) > 1:
            fields.wrong("body", f"It is a list of {len(several)} files: import them one by one.")
            return None
        raw = several[0] if several else raw
    if not isinstance(raw, Mapping):
        fields.wrong("body", f"It must be an object, the exported file as it is, not {kind(raw)}.")
        return None
    file = cast(Mapping[str, Any], raw)
    if "nodes" not in file:
        fields.wrong("nodes", "It is missing: this is no agent of AutoGPT Platform, and no workflow of n8n.")
        return None
    if n8n_reading.is_workflow(file):
        return n8n.translate([file], catalog, id_of, fields)
    return autogpt.translate(file, catalog, id_of, fields)


def _is_workflow(raw: Any) -> bool:
    return isinstance(raw, Mapping) and "nodes" in raw and n8n_reading.is_workflow(cast(Mapping[str, Any], raw))
