"""How does Terraform come to know a database that was restored? By imports, since its indexes are there already.

To make an index that there is would be refused (https://github.com/hashicorp/terraform-provider-google/issues/9694).
So what Terraform knows of the database of before is forgotten, the new one and its indexes are imported with the next
plan (https://developer.hashicorp.com/terraform/language/import), and exemptions and TTLs are set again, which are
settings of fields and no things of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TERRAFORM = Path(__file__).parents[1] / "terraform"
OF_THE_DATABASE = (
    "google_firestore_database.main",
    "google_firestore_index.composite",
    "google_firestore_field.override",
    "google_firestore_backup_schedule.",
)


def forgotten(addresses: Iterable[str]) -> list[str]:
    """Those that describe the database of before, which stays where it is."""
    return [address for address in addresses if address.startswith(OF_THE_DATABASE)]


def write(project: str, database: str, found: Iterable[Mapping[str, Any]]) -> None:
    """``restored.auto.tfvars`` and ``restored.tf``. ``found``: its indexes, as ``gcloud firestore indexes composite
    list`` tells them."""
    wanted = json.loads((TERRAFORM / "firestore.indexes.json").read_text(encoding="utf-8"))["indexes"]
    keys = {_signature(index["collectionGroup"], index): key(index) for index in wanted}
    imports = [("google_firestore_database.main", f"projects/{project}/databases/{database}")]
    for index in found:
        name = str(index["name"])
        if (of := keys.get(_signature(name.split("/")[5], index))) is not None:
            imports.append((f"google_firestore_index.composite[{json.dumps(of)}]", name))
    (TERRAFORM / "restored.auto.tfvars").write_text(f"database = {json.dumps(database)}\n")
    (TERRAFORM / "restored.tf").write_text(
        "".join(f"import {{\n  to = {to}\n  id = {json.dumps(id_)}\n}}\n" for to, id_ in imports)
    )


def key(index: Mapping[str, Any]) -> str:
    """As terraform/firestore.tf calls it."""
    fields = (f"{f['fieldPath']}:{f.get('order') or f.get('arrayConfig') or 'VECTOR'}" for f in index["fields"])
    return " ".join([index["collectionGroup"], index["queryScope"], *fields])


def _signature(collection: str, index: Mapping[str, Any]) -> str:
    """What two descriptions of one index have in common: only Firestore's has the document's name."""
    fields = [
        [field["fieldPath"], field.get("order"), field.get("arrayConfig"), "vectorConfig" in field]
        for field in index["fields"]
        if field["fieldPath"] != "__name__"
    ]
    return json.dumps([collection, index["queryScope"], fields])
