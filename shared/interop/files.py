"""Whose file is it, and what does it become? ``translate`` is the one way in."""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain.fields import Fields, kind
from shared.domain.spec import Catalog
from shared.interop import autogpt, n8n, n8n_reading
from shared.interop.imported import IdOf, Imported


def translate(raw: Any, catalog: Catalog, id_of: IdOf, fields: Fields) -> Imported | None:
    """The graphs of an exported file; None where ``fields`` says what is wrong with it. A list of one file, as n8n
    writes when it exports all workflows, is that file."""
    if isinstance(raw, list):
        several = cast(list[Any], raw)
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
        return n8n.translate(file, catalog, id_of, fields)
    return autogpt.translate(file, catalog, id_of, fields)
