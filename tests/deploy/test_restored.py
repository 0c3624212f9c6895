"""Does Terraform know a restored database as it is, with all its indexes?"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy import google, restored

INDEXES = json.loads((restored.TERRAFORM / "firestore.indexes.json").read_bytes())["indexes"]
KNOWN = [
    "google_firestore_database.main",
    'google_firestore_index.composite["a"]',
    'google_firestore_field.override["a"]',
    "google_firestore_backup_schedule.daily[0]",
]
OTHERS = ["google_firebaserules_ruleset.firestore", 'google_storage_bucket.bucket["files"]']


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(restored.TERRAFORM / "firestore.indexes.json", tmp_path)
    monkeypatch.setattr(restored, "TERRAFORM", tmp_path)
    return tmp_path


def _told(number: int, index: dict[str, Any]) -> dict[str, Any]:
    """As Firestore tells it: with an id, and with the document's name, before a vector or at the end."""
    parent = f"projects/p/databases/restored/collectionGroups/{index['collectionGroup']}"
    last = index["fields"][-1]
    named = {"fieldPath": "__name__", "order": "ASCENDING"}
    fields = [*index["fields"][:-1], named, last] if "vectorConfig" in last else [*index["fields"], named]
    return {
        "name": f"{parent}/indexes/{number}",
        "queryScope": index["queryScope"],
        "fields": fields,
        "state": "READY",
    }


def _steps(told: list[dict[str, Any]], said: list[list[str]]) -> google.Steps:
    def run(command: list[str], *, check: bool = True, show: bool = False) -> str:
        said.append(command)
        match command:
            case ["terraform", _, "state", "list"]:
                return "\n".join([*KNOWN, *OTHERS])
            case ["gcloud", "firestore", "indexes", "composite", "list", "--database", "restored", *_]:
                return json.dumps(told)
            case _:
                return ""

    return google.Steps("p", "us-central1", "prod", {}, run)


def _imports(folder: Path) -> dict[str, str]:
    found = re.findall(r'(?m)^import \{\n  to = (.*)\n  id = "(.*)"\n\}$', (folder / "restored.tf").read_text())
    return dict(found)


def test_every_index_is_imported_by_the_name_that_terraform_has_for_it(folder: Path) -> None:
    said: list[list[str]] = []
    told = [_told(number, index) for number, index in enumerate(INDEXES)]
    _steps(told, said).restored("restored")
    names = {restored.key(index): _told(number, index)["name"] for number, index in enumerate(INDEXES)}
    assert len(names) == len(INDEXES)
    assert _imports(folder) == {
        "google_firestore_database.main": "projects/p/databases/restored",
        **{f'google_firestore_index.composite["{key}"]': name for key, name in names.items()},
    }
    assert (folder / "restored.auto.tfvars").read_text() == 'database = "restored"\n'
    assert ["terraform", "-chdir=terraform", "state", "rm", *KNOWN] in said, "and nothing of the others"


def test_an_index_that_was_not_restored_is_made_and_one_that_nobody_wants_is_left(folder: Path) -> None:
    strange = {**INDEXES[0], "fields": [{"fieldPath": "strange", "order": "ASCENDING"}]}
    _steps([_told(1, INDEXES[1]), _told(2, strange)], []).restored("restored")
    assert len(_imports(folder)) == 2


def test_again_it_says_the_same(folder: Path) -> None:
    said: list[list[str]] = []
    _steps([_told(1, INDEXES[1])], said).restored("restored")
    before = (folder / "restored.tf").read_text()
    _steps([_told(1, INDEXES[1])], said).restored("restored")
    assert (folder / "restored.tf").read_text() == before


def test_a_database_has_to_be_named(folder: Path) -> None:
    with pytest.raises(google.StepError, match="Name the database"):
        _steps([], []).restored("")
    assert not (folder / "restored.tf").exists()
