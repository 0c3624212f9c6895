"""Has every query its index, has every index a query, and does every exemption concern a collection that is there?

The queries are asked, of a local Firestore that refuses those without an index, as production does.
"""

import ast
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from google.api_core import exceptions
from repository import ROOT, modules

from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.service import FirestoreService
from shared import config
from shared.domain.channels import Channel, State
from shared.domain.statuses import Status
from shared.firestore import (
    api_keys,
    audit,
    belongings,
    catalogue,
    charges,
    credentials,
    deletions,
    deliveries,
    devices,
    executions,
    files,
    folders,
    gate_tokens,
    graphs,
    listening,
    listings,
    live_rows,
    memory,
    node_executions,
    notification_settings,
    notifications,
    opinions,
    outbox,
    outgoing_webhooks,
    outlines,
    overview,
    presets,
    reaching,
    recoveries,
    reviews,
    schedules,
    sealed,
    shares,
    statistics,
    submissions,
    sweeping,
    triggers,
    users,
    vectors,
    webhooks,
)

CONTENT: dict[str, Any] = json.loads((ROOT / "terraform" / "firestore.indexes.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLLECTIONS = {
    "api_keys",
    "audit",
    "charges",
    "credentials",
    "deliveries",
    "devices",
    "downloads",
    "ended",
    "events",
    "executions",
    "files",
    "flags",
    "folders",
    "graphs",
    "idempotency",
    "items",
    "listings",
    "memory",
    "node_cache",
    "nodes",
    "notification_settings",
    "notifications",
    "oauth_states",
    "occurrences",
    "outbox",
    "outgoing_webhooks",
    "parts",
    "pieces",
    "presets",
    "rate_limits",
    "ratings",
    "recoveries",
    "releases",
    "reviews",
    "schedules",
    "shares",
    "shelves",
    "statistics",
    "submissions",
    "tokens",
    "triggers",
    "users",
    "vectors",
    "versions",
    "webhooks",
}

MODULES = [
    api_keys,
    audit,
    belongings,
    catalogue,
    charges,
    credentials,
    deletions,
    deliveries,
    executions,
    files,
    gate_tokens,
    graphs,
    listings,
    memory,
    node_executions,
    notification_settings,
    notifications,
    opinions,
    outbox,
    overview,
    reaching,
    recoveries,
    reviews,
    schedules,
    statistics,
    submissions,
    sweeping,
    triggers,
    users,
    vectors,
    webhooks,
]

FASTER = [("nodes", ["active", "settling", "gates"])]
"""Indexes that no query must have: merged from single fields, it would read every active node execution."""

SPACE = vectors.Space(user_id="u", graph_id="g", name="s")

Query = Callable[[], Awaitable[Any]]

QUERIES: dict[str, Query] = {
    **{
        f"audit.list_of ({name})": lambda name=name: audit.list_of({name: "x"}, NOW, NOW, (NOW, "a"), 9)
        for name in audit.FILTERS
    },
    "audit.list_of": lambda: audit.list_of({}, None, None, None, 9),
    "audit.list_of (of several)": lambda: audit.list_of(dict.fromkeys(audit.FILTERS, "x"), NOW, NOW, None, 9),
    "charges.totals": lambda: charges.totals("u", "2026-11"),
    "charges.totals_at": lambda: charges.totals_at("u", "2026-11"),
    "charges.running": lambda: charges.running("u", "2026-11"),
    "charges.held_before": lambda: charges.held_before("u", "2026-11", "c"),
    "charges.settle_left": lambda: charges.settle_left("u", "2026-11", NOW),
    "charges.fold": lambda: charges.fold("u", "2026-11", NOW),
    "deletions.due": lambda: deletions.due(NOW, 9),
    "credentials.list_of": lambda: credentials.documents.list_of("u", (NOW, "c"), 9),
    "credentials.list_of (of a provider)": lambda: credentials.documents.list_of(
        "u", (NOW, "c"), 9, provider="github"
    ),
    "credentials.count": lambda: credentials.documents.count("u"),
    **{
        f"belongings.{name} ({one.collection})": lambda ask=ask, one=one: ask(one)
        for one in belongings.BELONGINGS
        for name, ask in {
            "page": lambda one: belongings.page(one, "u", "a"),
            "erase": lambda one: belongings.erase(one, "u"),
        }.items()
    },
    "sealed.all_of_them": lambda: _all(sealed.all_of_them()),
    "outbox.left": lambda: outbox.left(NOW, 9),
    "files.list_of": lambda: files.documents.list_of("u", (NOW, "f"), 9),
    "files.list_of (of a status)": lambda: files.documents.list_of("u", (NOW, "f"), 9, status="CLEAN"),
    "files.held": lambda: files.held("u"),
    "files.due": lambda: files.due(3, NOW, 9),
    "catalogue.changed": lambda: catalogue.changed(NOW),
    "listings.of_creator": lambda: listings.of_creator("u", "a", 9),
    "listings.all_of_them": lambda: listings.all_of_them("a", 9),
    "listings.releases": lambda: listings.releases("l", 3, 9),
    "submissions.of_creator": lambda: submissions.of_creator("u", None, (NOW, "s"), 9),
    "submissions.of_creator (of a status)": lambda: submissions.of_creator("u", "APPROVED", None, 9),
    "submissions.of_status": lambda: submissions.of_status("APPROVED", (NOW, "s"), 9),
    "opinions.list_of": lambda: opinions.list_of("l", (NOW, "r"), 9),
    "opinions.figures": lambda: opinions.figures("l"),
    "opinions.forget": lambda: opinions.forget("ratings", "u", 9),
    "opinions.uncounted": lambda: opinions.uncounted("ratings", 9),
    "opinions.uncounted (downloads)": lambda: opinions.uncounted("downloads", 9),
    "recoveries.since": lambda: recoveries.since(NOW, 9),
    "users.list_all": lambda: users.list_all((NOW, "u"), 9),
    "api_keys.list_of": lambda: api_keys.list_of("u", (NOW, "k"), 9),
    "api_keys.count_of": lambda: api_keys.count_of("u"),
    "executions.list_of": lambda: executions.list_of("u", None, executions.Page(created_at=NOW, id="e"), 9),
    "executions.list_of (of a graph)": lambda: executions.list_of("u", "g", None, 9),
    "executions.count_before": lambda: executions.count_before("u", NOW, "e"),
    "executions.count_occupying": lambda: executions.count_occupying("u"),
    "executions.sharing": lambda: executions.sharing("e"),
    "executions.next_waiting": lambda: executions.next_waiting("u"),
    "executions.has_active": lambda: executions.has_active("g"),
    "executions.due": lambda: executions.due(3, NOW, 9),
    "node_executions.any_active": lambda: node_executions.any_active("e"),
    "node_executions.any_working": lambda: node_executions.any_working("e"),
    "node_executions.any_in_review": lambda: node_executions.any_in_review("e"),
    "sweeping.open_ones": lambda: sweeping.open_ones("e", 9),
    "node_executions.cost": lambda: node_executions.cost("e"),
    "node_executions.count_open": lambda: node_executions.count_open("e"),
    "node_executions.count": lambda: node_executions.count("e"),
    "live_rows.of_user": lambda: live_rows.read(live_rows.of_user("u"), listening.micros(_read_time())),
    "notification_settings.due": lambda: notification_settings.due(3, NOW, 9),
    "devices.list_of": lambda: devices.documents.list_of("u", (NOW, "d"), 9),
    "outgoing_webhooks.list_of": lambda: outgoing_webhooks.documents.list_of("u", (NOW, "w"), 9),
    "deliveries.due": lambda: deliveries.due(3, NOW, 9),
    "deliveries.count_since": lambda: deliveries.count_since("u", Channel.EMAIL, NOW),
    "deliveries.list_of": lambda: deliveries.documents.list_of("u", (NOW, "d"), 9, target="w", state=None),
    "deliveries.list_of (in a state)": lambda: deliveries.documents.list_of(
        "u", (NOW, "d"), 9, target="w", state=State.DEAD
    ),
    "statistics.pending": lambda: statistics.pending(3, 9),
    "statistics.of_graphs": lambda: statistics.of_graphs(["g"], NOW, NOW),
    **{f"overview.count ({name})": lambda name=name: overview.count(name) for name in overview.NAMES},
    "notification_settings.list_of": lambda: notification_settings.due(3, NOW, 9),  # one a user: there is no list
    "notifications.list_of": lambda: notifications.list_of("u", "unread", (NOW, "n"), 9),
    "notifications.count": lambda: notifications.count("u", "unread"),
    "reviews.erase": lambda: reviews.erase("e", 9),
    "reviews.pending_of": lambda: reviews.pending_of("u", (NOW, "r"), 9),
    "node_executions.active_nodes": lambda: node_executions.active_nodes("e", 9),
    "node_executions.unhandled_failures": lambda: node_executions.unhandled_failures("e"),
    "node_executions.of_nodes": lambda: node_executions.of_nodes("e", ["a", "b"]),
    "node_executions.queued": lambda: node_executions.queued("e"),
    "node_executions.count_by_status": lambda: node_executions.count_by_status("e", list(Status)),
    "node_executions.list_of": lambda: node_executions.list_of("e", ("o", "n"), 9),
    "outlines.list_of": lambda: outlines.list_of("e", 9),
    "node_executions.due": lambda: node_executions.due(3, NOW, 9),
    "gate_tokens.held_at": lambda: gate_tokens.held_at("e", ["a", "b"], _read_time()),
    "gate_tokens.held_under": lambda: gate_tokens.held_under("e", "a", ((1, -1),), _read_time()),
    "reaching.count": lambda: reaching.count("e", ["a", "b"], _read_time()),
    "reaching.list_of": lambda: reaching.list_of("e", ["a", "b"], _read_time()),
    "reaching.any_under": lambda: reaching.any_under("e", "a", ((1, -1), (2, -1)), _read_time()),
    "reaching.queued_at": lambda: reaching.queued_at("e", ["a", "b"]),
    "vectors.nearest": lambda: vectors.nearest(SPACE, [0.0] * vectors.DIMENSIONS, 9),
    "vectors.erase": lambda: vectors.erase("u", "g", 9),
    "vectors.erase_space": lambda: vectors.erase_space(SPACE, 9),
    "memory.erase": lambda: memory.erase("u", "g", 9),
    "schedules.due": lambda: schedules.due(3, NOW, 9),
    "schedules.list_of": lambda: schedules.documents.list_of("u", (NOW, "s"), 9),
    "schedules.list_of (of a graph)": lambda: schedules.documents.list_of("u", None, 9, graph_id="g"),
    "schedules.count": lambda: schedules.documents.count("u"),
    "schedules.occurrences": lambda: schedules.occurrences("s", NOW, 9),
    "triggers.due": lambda: triggers.due(3, NOW, 9),
    "triggers.items": lambda: triggers.items("t", (NOW, "i"), 9),
    "triggers.list_of": lambda: triggers.documents.list_of("u", None, 9),
    "triggers.list_of (of a graph)": lambda: triggers.documents.list_of("u", None, 9, graph_id="g"),
    "webhooks.list_of": lambda: webhooks.documents.list_of("u", (NOW, "w"), 9),
    "webhooks.list_of (of a graph)": lambda: webhooks.documents.list_of("u", None, 9, graph_id="g"),
    "graphs.forget_creator": lambda: graphs.forget_creator("u", 9),
    "graphs.holders": lambda: graphs.holders("l", "u", 9),
    "graphs.list_of": lambda: graphs.list_of("u", graphs.After(created_at=NOW, id="g"), 9),
    "graphs.find_added": lambda: graphs.find_added("u", "l"),
    "graphs.list_of (favourites)": lambda: graphs.list_of("u", None, 9, is_favorite=True),
    "graphs.list_of (in a folder)": lambda: graphs.list_of("u", None, 9, folder_id="f"),
    "graphs.list_of (favourites in a folder)": lambda: graphs.list_of("u", None, 9, is_favorite=True, folder_id="f"),
    "presets.list_of": lambda: presets.documents.list_of("u", (NOW, "p"), 9),
    "presets.list_of (of a graph)": lambda: presets.documents.list_of("u", None, 9, graph_id="g"),
    "shares.list_of": lambda: shares.documents.list_of("u", None, 9, execution_id="e"),
    "folders.list_of": lambda: folders.documents.list_of("u", None, 9),
}


async def _all(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


def _read_time() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def _served(content: dict[str, Any], patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    database = Database(None)
    service = FirestoreService(database, indexes=IndexFile.parse(content))
    patch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{await service.start(0)}")
    patch.setenv("GOOGLE_CLOUD_PROJECT", content["project"])
    config.settings.cache_clear()
    executions.client._clients.clear()
    yield
    executions.client._clients.clear()
    config.settings.cache_clear()
    await service.stop()
    database.close()


async def _is_refused(query: Query) -> bool:
    try:
        await query()
    except exceptions.FailedPrecondition:
        return True
    return False


async def _any_refused(likely: str) -> bool:
    """Those whose names have ``likely`` are asked first, for one is enough."""
    for name in sorted(QUERIES, key=lambda name: likely not in name):
        if await _is_refused(QUERIES[name]):
            return True
    return False


async def test_every_query_has_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _served(CONTENT, monkeypatch):
        assert [name for name, query in QUERIES.items() if await _is_refused(query)] == []


def _fields(index: dict[str, Any]) -> tuple[str, list[str]]:
    return index["collectionGroup"], [field["fieldPath"] for field in index["fields"]]


@pytest.mark.parametrize("index", CONTENT["indexes"], ids=lambda index: " ".join(_fields(index)[1]))
async def test_without_an_index_a_query_is_refused(index: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    less = {**CONTENT, "indexes": [other for other in CONTENT["indexes"] if other != index]}
    async with _served(less, monkeypatch):
        refused = await _any_refused(likely=index["collectionGroup"].removesuffix("s"))
    assert refused == (_fields(index) not in FASTER)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_operation_that_queries_is_asked_here(module: ModuleType) -> None:
    short = module.__name__.rpartition(".")[2]
    asked = {name.split()[0] for name in QUERIES}
    missing = {f"{short}.{operation}" for operation in _querying(module)} - asked
    assert not missing, "add each to QUERIES"


def test_every_module_that_queries_is_asked_here() -> None:
    querying = {path.stem for path in modules("shared", "functions") if ".where(" in path.read_text(encoding="utf-8")}
    missing = querying - {name.partition(".")[0] for name in QUERIES} - {"owned"}
    assert not missing, "add each to MODULES, and its operations to QUERIES"


def test_every_collection_of_what_users_own_is_asked_here() -> None:
    owning = {p.stem for p in modules("shared/firestore") if "owned.Collection" in p.read_text(encoding="utf-8")}
    assert not {f"{stem}.list_of" for stem in owning - {"owned"}} - set(QUERIES), "add each to QUERIES"


def test_indexes_and_exemptions_concern_collections_that_are_there() -> None:
    named = {entry["collectionGroup"] for entry in [*CONTENT["indexes"], *CONTENT["fieldOverrides"]]}
    assert named <= COLLECTIONS
    texts = "".join(path.read_text(encoding="utf-8") for path in modules("shared/firestore"))
    assert set(re.findall(r'ollection\(\s*"(\w+)"', texts)) >= COLLECTIONS


def test_no_exemption_is_there_twice() -> None:
    entries = [(entry["collectionGroup"], entry["fieldPath"]) for entry in CONTENT["fieldOverrides"]]
    assert len(entries) == len(set(entries))


def _querying(module: ModuleType) -> set[str]:
    """Public operations in whose body a query is built."""
    tree = ast.parse((ROOT / f"{module.__name__.replace('.', '/')}.py").read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_")
        if any(isinstance(n, ast.Attribute) and n.attr in ("where", "order_by") for n in ast.walk(node))
    }
