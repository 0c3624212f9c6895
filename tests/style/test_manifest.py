"""Does the manifest say what the functions are?"""

import ast
import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
import yaml
from repository import ROOT

from shared import config

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))
FUNCTIONS: dict[str, Any] = MANIFEST["functions"]

CLIENTS = {
    "tasks": "google.cloud.tasks_v2",
    "pubsub": "google.pubsub_v1",
    "storage": "google.cloud.storage",
    "kms": "google.cloud.kms_v1",
    "openai": "openai",
    "anthropic": "anthropic",
    "mcp": "mcp",
    "jsonschema": "jsonschema",
    "openpyxl": "openpyxl",
    "auth": "firebase_admin",
    "firestore": "google.cloud.firestore_v1",
}
"""Names in the manifest's ``clients`` -> the module whose import a cold start would feel."""

ON_FIRST_USE = {"tasks", "pubsub", "kms", "storage", "openai", "anthropic", "mcp", "jsonschema", "openpyxl"}
"""Never imported with the module: they appear with the first task, event or large value, or with such a block."""

LATER = {
    "Stemmer",
    "PIL",
    "aiosmtplib",
    "bs4",
    "feedparser",
    "jmespath",
    "lxml",
    "markdown_it",
    "nh3",
    "numpy",
    "opentelemetry.sdk",
    "pint",
    "psycopg",
    "pydantic_monty",
    "pymysql",
    "pypdf",
    "rapidfuzz",
    "regex",
    "tokenizers",
    "wordllama",
    "yaml",
}
"""What some request needs, and no start."""

MODULES = {
    "graphs": 140,
    "executions": 185,
    "users": 80,
    "store": 90,
    "webhooks": 165,
    "run_node": 155,
    "run_node_background": 155,
    "stream": 95,
    "notify": 95,
    "tick": 215,
    "scan": 105,
}
"""How many modules of ours a function imports at most: what they are is in docs/cold-starts.md."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_source_of_a_function_defines_its_entry_point(function: str) -> None:
    entry = FUNCTIONS[function]
    tree = ast.parse((ROOT / entry["source"]).read_text(encoding="utf-8"))
    defined = {n.name for n in tree.body if isinstance(n, ast.AsyncFunctionDef)}
    assert entry["entry_point"] in defined
    assert entry["entry_point"] == function, "functions-framework registers by the name of the def"


def test_every_function_is_in_the_manifest() -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "functions").glob("*.py")
        if "functions_framework" in path.read_text(encoding="utf-8")
    }
    assert sources == {entry["source"] for entry in FUNCTIONS.values()}


def test_a_path_leads_to_one_function() -> None:
    counts = Counter(path for entry in FUNCTIONS.values() for path in entry.get("paths", []))
    assert [path for path, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_functions_behind_the_load_balancer_have_paths_and_are_public(function: str) -> None:
    entry = FUNCTIONS[function]
    assert bool(entry.get("paths")) == entry["public"] == (entry["trigger"] == "https")


def test_there_are_as_many_queues_of_a_kind_as_the_setting_says() -> None:
    default = config.Settings.model_fields["queues_per_kind"].default
    assert {queue["count"] for queue in MANIFEST["queues"].values()} == {default}


def test_queues_and_topics_that_the_code_names_are_there() -> None:
    from shared.services import delivering, events, node_tasks, start

    assert set(start.QUEUES) == set(node_tasks.FUNCTIONS) == set(MANIFEST["queues"]) - {delivering.QUEUE}
    assert {FUNCTIONS[name]["trigger"] for name in node_tasks.FUNCTIONS.values()} == {"tasks"}
    told = {bucket["notifies"] for bucket in MANIFEST["buckets"].values() if bucket.get("notifies")}
    heard = {entry["topic"] for entry in FUNCTIONS.values() if entry["trigger"] == "pubsub"}
    assert {events.TOPIC} | told == heard == set(MANIFEST["topics"])


def test_buckets_that_the_code_names_are_there_and_no_other() -> None:
    settings = config.read({})
    named = {
        name.removeprefix(f"{settings.google_cloud_project}-") for name in (settings.bucket, settings.quarantine)
    }
    assert named == {name for name, bucket in MANIFEST["buckets"].items() if not bucket.get("public")}


def test_every_route_of_the_api_has_a_path() -> None:
    from local.gateway.urlmap import UrlMap

    routes = UrlMap({function: entry["paths"] for function, entry in FUNCTIONS.items() if entry.get("paths")})
    document = json.loads((ROOT / "functions" / "openapi.json").read_bytes())
    asked = {path: path.translate({ord("{"): None, ord("}"): None}).encode() for path in document["paths"]}
    assert [path for path, sent in asked.items() if routes.find(sent) is None] == []


def test_a_route_is_found_by_the_paths_of_its_resource() -> None:
    from functions import executions, graphs, store, users
    from shared.http.resources import of

    for resource in (*executions.RESOURCES, *graphs.RESOURCES, *store.RESOURCES, *users.RESOURCES):
        paths = {route.path.translate({ord("{"): None, ord("}"): None}) for route in of(resource.routes, "")}
        assert paths, f"{resource.module} has no router"
        assert [path for path in sorted(paths) if not resource.may_have(path)] == [], resource.module


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_only_what_its_first_request_needs(function: str) -> None:
    entry = FUNCTIONS[function]
    loaded, built = _imported(entry["source"].removesuffix(".py").replace("/", "."))
    imported = {client for client, heavy in CLIENTS.items() if heavy in loaded}
    assert set(entry["clients"]) <= set(CLIENTS), "CLIENTS must say which module it is"
    assert imported <= set(entry["clients"]) - ON_FIRST_USE
    assert set(entry["clients"]) - ON_FIRST_USE <= imported, "the manifest names clients that it does not need"
    assert sorted(loaded & LATER) == [], "import it where it is used"
    assert [name for name in loaded if name.startswith("functions.routers.") and name.endswith("shapes")] == []
    assert ("fastapi" in loaded) == entry["public"], "what only the platform calls does without FastAPI"
    assert not {"Operation", "Parameter", "Schema"} & built, "import functions.routers before FastAPI: see there"
    own = [name for name in loaded if name.startswith(("shared.", "functions."))]
    assert len(own) <= MODULES[function], "import it later, or raise this if each first request needs it"


def _imported(module: str) -> tuple[set[str], set[str]]:
    """What a function imports, and the models of FastAPI's OpenAPI document that it builds."""
    code = f"""
import json, sys
import {module}
models = vars(sys.modules.get("fastapi.openapi.models", json))
built = [name for name, one in models.items() if getattr(one, "__pydantic_complete__", False) and name != "BaseModel"]
print(json.dumps([list(sys.modules), built]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded, built = json.loads(done.stdout)
    return set(loaded), set(built)
