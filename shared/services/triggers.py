"""What may a user do with triggers? Create, read, change, pause, resume, delete, and see what came of them."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from shared.domain import errors, polling
from shared.domain.errors import BlockError
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.polling import Kind, State, Trigger
from shared.firestore import triggers
from shared.services import bodies, etags, owned, polled_mail, suiting, targets
from shared.services import graphs as graph_service
from shared.services.world import World

TRIGGERS = owned.Kind("trigger", triggers.documents, reason="TRIGGER_NOT_FOUND")
MAX_TRIGGERS = 100
MAX_URL = 2_000
EVERY_MINUTES = 15
ITEMS = 10
SOURCES = {Kind.RSS: ("url",), Kind.EMAIL: ("host", "port", "folder", "credentials_id")}
COMMON = (*targets.FIELDS, "every_minutes", "max_items")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_FOLDER = re.compile(r"[ -~]{1,200}")

Resource = dict[str, Any]


async def create(world: World, caller: Caller, graph_id: str, raw: Any, id_: str) -> Resource:
    """A trigger of a graph of the caller's, which looks with the next tick. NotFound; InvalidArgument with every
    violation; Conflict: there are too many."""
    head = await graph_service.owned(caller, graph_id)
    await TRIGGERS.limit(caller, MAX_TRIGGERS)
    body, fields = bodies.read(raw), Fields()
    kind = body.get("kind")
    if kind not in tuple(Kind):
        fields.wrong("kind", f"It must be one of {', '.join(Kind)}.")
        bodies.refuse(fields, "The trigger is")
    now = world.now()
    blank = Trigger(
        id=id_,
        user_id=caller.user_id,
        graph_id=head.id,
        kind=Kind(kind),
        name="",
        source={},
        every_minutes=EVERY_MINUTES,
        max_items=ITEMS,
        input_name="",
        input_data={},
        credentials={},
        state=State.ACTIVE,
        created_at=now,
        updated_at=now,
        next_at=now,
        cursor={},
    )
    return view(await TRIGGERS.create(caller, await _changed(world, caller, blank, body, ("kind",))))


async def get(caller: Caller, id_: str) -> Resource:
    return view(await TRIGGERS.get(caller, id_))


async def list_of(
    caller: Caller, graph_id: str | None, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page, newest first, and the cursor of the next. NotFound: the graph is not the caller's."""
    if graph_id is not None:
        await graph_service.owned(caller, graph_id)
    found, following = await TRIGGERS.page(caller, size, cursor, graph_id=graph_id)
    return [view(one) for one in found], following


async def update(world: World, caller: Caller, id_: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Change what ``raw`` names. Looking elsewhere begins anew: what is there already starts nothing."""
    body = bodies.read(raw)

    async def make(old: Trigger) -> Trigger:
        return await _changed(world, caller, old, body)

    return view(await TRIGGERS.change(caller, id_, expected, make))


async def turn(world: World, caller: Caller, id_: str, state: State) -> Resource:
    """Pause, or resume: it looks at once, and what came meanwhile starts nothing."""

    async def make(old: Trigger) -> Trigger:
        return polling.into(old, state, world.now())

    return view(await TRIGGERS.change(caller, id_, None, make))


async def delete(caller: Caller, id_: str, expected: frozenset[str] | None) -> None:
    """Executions that it has started go on."""
    await TRIGGERS.delete(caller, id_, expected)


async def history(
    caller: Caller, id_: str, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """What came of the latest items, latest first, and the cursor of the next page."""
    await TRIGGERS.get(caller, id_)
    found = await triggers.items(id_, cursor, size + 1)
    more = (found[size - 1].at, found[size - 1].id) if len(found) > size else None
    names = ("id", "at", "title", "result", "message", "execution_id")
    return [{name: getattr(one, name) for name in names} for one in found[:size]], more


async def _changed(
    world: World, caller: Caller, old: Trigger, body: bodies.Raw, more: tuple[str, ...] = ()
) -> Trigger:
    fields = Fields()
    fields.only(body, (*COMMON, *SOURCES[old.kind], *more))
    source = {**old.source, **_source(fields, old, body)}
    every = fields.integer(body, "every_minutes", least=polling.MIN_MINUTES, most=polling.MAX_MINUTES)
    items = fields.integer(body, "max_items", least=1, most=polling.MAX_ITEMS)
    target = targets.read(fields, body, old, triggers.MAX_INPUT)
    bodies.refuse(fields, "The trigger is")
    made = replace(
        old,
        **target,
        source=source,
        every_minutes=every or old.every_minutes,
        max_items=items or old.max_items,
        updated_at=world.now(),
    )
    if source != old.source:
        if old.kind is Kind.EMAIL:
            await _check_credentials(world, caller, str(source["credentials_id"]))
        made = replace(made, cursor={}, seen=(), last_polled_at=None, failures=0, last_error="")
        made = replace(made, next_at=world.now() if made.state is State.ACTIVE else None)
    return replace(made, input_name=await targets.input_of(world, caller, made))


def _source(fields: Fields, old: Trigger, body: bodies.Raw) -> Resource:
    """What the body says of where to look; of a new one all that it has to."""
    new = not old.source
    if old.kind is Kind.RSS:
        return {"url": _url(fields, body)} if new or "url" in body else {}
    made: Resource = {}
    if new or "host" in body:
        host = fields.text(body, "host", least=1, most=253).strip().lower()
        if host and not _HOST.fullmatch(host):
            fields.wrong("host", "It must be the name of a server, such as imap.example.com.")
        made["host"] = host
    if new or "port" in body:
        made["port"] = fields.integer(body, "port", least=1, most=65_535) or 993
    if new or "folder" in body:
        made["folder"] = fields.text(body, "folder", most=200) or "INBOX"
        if not _FOLDER.fullmatch(made["folder"]):
            fields.wrong("folder", "It must have no characters but those of ASCII, encoded as the server has it.")
    if new or "credentials_id" in body:
        made["credentials_id"] = fields.text(body, "credentials_id", least=1, most=128)
    return made


def _url(fields: Fields, body: bodies.Raw) -> str:
    url = fields.text(body, "url", least=1, most=MAX_URL).strip()
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        fine = False
    if url and not fine:
        fields.wrong("url", "It must be an address with https or http, and no password in it.")
    return url


async def _check_credentials(world: World, caller: Caller, id_: str) -> None:
    try:
        await suiting.check(caller.user_id, polled_mail.NEED, id_, world.now())
    except BlockError as error:
        violation = errors.Violation("credentials_id", error.message)
        raise errors.invalid("The credentials do not suit the trigger", [violation]) from error


def view(trigger: Trigger) -> Resource:
    names = (
        *("id", "graph_id", "kind", "name", "every_minutes", "max_items", "input_name", "input_data", "credentials"),
        *("next_at", "failures", "last_error", "last_polled_at", "last_item_at", "created_at", "updated_at"),
    )
    source = {name: trigger.source.get(name) for names in SOURCES.values() for name in names}
    return {
        **{name: getattr(trigger, name) for name in names},
        **source,
        "status": trigger.state,
        "etag": etags.etag(trigger.fence),
    }
