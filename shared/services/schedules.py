"""What may a user do with schedules? Create, read, change, pause, resume, delete, and look ahead and back."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from shared.domain import cron, errors, schedule
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.schedule import CatchUp, Overlap, Schedule, State
from shared.firestore import graphs, schedules, values
from shared.services import bodies, choosing, etags, inputs, owned, texts
from shared.services import graphs as graph_service
from shared.services.world import World

MAX_NAME = 200
MAX_UPCOMING = 100
YEARS = range(1970, 3000)
WRITABLE = ("name", "cron", "timezone", "input_data", "credentials", "starts_at", "ends_at", "catch_up", "overlap")

SCHEDULES = owned.Kind("schedule", schedules.documents, reason="SCHEDULE_NOT_FOUND")

Resource = dict[str, Any]
Raw = bodies.Raw


async def create(world: World, caller: Caller, graph_id: str, raw: Any, id_: str) -> Resource:
    """A schedule of a graph of the caller's. NotFound; InvalidArgument with every violation; TooManyRequests: they
    have ``MAX_SCHEDULES``. One of this id is there already: this very request made it before."""
    head = await graph_service.owned(caller, graph_id)
    most = world.settings.max_schedules
    if await schedules.documents.count(caller.user_id) >= most:
        raise errors.TooManyRequests(
            f"You have {most} schedules (MAX_SCHEDULES); delete one first.", reason="TOO_MANY_SCHEDULES"
        )
    now = world.now()
    blank = Schedule(
        id=id_,
        user_id=caller.user_id,
        graph_id=head.id,
        name="",
        cron="",
        timezone="UTC",
        input_data={},
        credentials={},
        starts_at=None,
        ends_at=None,
        catch_up=CatchUp.ONCE,
        overlap=Overlap.ALLOW,
        state=State.ACTIVE,
        next_at=None,
        last_at=None,
        last_execution_id=None,
        created_at=now,
        updated_at=now,
    )
    made = await _changed(world, caller, blank, raw)
    if made.state is State.ENDED:
        raise errors.InvalidArgument(
            "The schedule would never occur.", violations=[Violation("ends_at", "Nothing occurs before it.")]
        )
    return _view(await SCHEDULES.create(caller, made))


async def get(caller: Caller, id_: str) -> Resource:
    return _view(await SCHEDULES.get(caller, id_))


async def list_of(
    caller: Caller, graph_id: str | None, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page, newest first, and the cursor of the next. NotFound: the graph is not the caller's."""
    if graph_id is not None:
        await graph_service.owned(caller, graph_id)
    found, following = await SCHEDULES.page(caller, size, cursor, graph_id=graph_id)
    return [_view(one) for one in found], following


async def update(world: World, caller: Caller, id_: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Change what ``raw`` names. What was due by the old times and is not by the new is left out."""

    async def make(old: Schedule) -> Schedule:
        return await _changed(world, caller, old, raw)

    return _view(await SCHEDULES.change(caller, id_, expected, make))


async def pause(world: World, caller: Caller, id_: str) -> Resource:
    """Nothing occurs until it is resumed. One that is paused or has ended stays so."""
    return await _into(world, caller, id_, State.PAUSED)


async def resume(world: World, caller: Caller, id_: str) -> Resource:
    """It occurs again, from now on: what would have occurred in the pause is not caught up."""
    return await _into(world, caller, id_, State.ACTIVE)


async def _into(world: World, caller: Caller, id_: str, state: State) -> Resource:
    async def make(old: Schedule) -> Schedule:
        if old.state in (state, State.ENDED):
            return old
        return _timed(replace(old, state=state, updated_at=world.now()), world.now())

    return _view(await SCHEDULES.change(caller, id_, None, make))


async def delete(caller: Caller, id_: str, expected: frozenset[str] | None) -> None:
    """Executions that it has started go on."""
    await SCHEDULES.delete(caller, id_, expected)


async def upcoming(world: World, caller: Caller, id_: str, count: int) -> Resource:
    """The next times, in UTC; none while it is paused."""
    found = await SCHEDULES.get(caller, id_)
    active = found.state is State.ACTIVE
    return {"items": schedule.upcoming(found, world.now(), count) if active else []}


async def history(
    caller: Caller, id_: str, size: int, before: datetime | None
) -> tuple[list[Resource], datetime | None]:
    """What came of the latest occurrences, latest first, and the cursor of the next page."""
    await SCHEDULES.get(caller, id_)
    found = await schedules.occurrences(id_, before, size + 1)
    items = [
        {"at": o.at, "result": o.result, "message": o.message, "execution_id": o.execution_id, "missed": o.missed}
        for o in found[:size]
    ]
    return items, found[size - 1].at if len(found) > size else None


async def _changed(world: World, caller: Caller, old: Schedule, body: Any) -> Schedule:
    """``old`` with what is in ``body``, timed anew. InvalidArgument."""
    raw, fields = bodies.read(body), Fields()
    fields.only(raw, WRITABLE)
    made = replace(
        old,
        name=texts.plain(fields.text(raw, "name", most=MAX_NAME)) if "name" in raw else old.name,
        cron=_cron(fields, raw) if "cron" in raw or not old.cron else old.cron,
        timezone=_zone(fields, raw) if raw.get("timezone") is not None else old.timezone,
        input_data=fields.object(raw, "input_data", "") if "input_data" in raw else old.input_data,
        credentials=choosing.read(fields, raw) if "credentials" in raw else old.credentials,
        starts_at=_moment(fields, raw, "starts_at") if "starts_at" in raw else old.starts_at,
        ends_at=_moment(fields, raw, "ends_at") if "ends_at" in raw else old.ends_at,
        catch_up=_choice(fields, raw, "catch_up", CatchUp, old.catch_up),
        overlap=_choice(fields, raw, "overlap", Overlap, old.overlap),
        updated_at=world.now(),
    )
    if len(values.dump(dict(made.input_data)).encode()) > schedules.MAX_INPUT:
        fields.wrong("input_data", f"It is larger than {schedules.MAX_INPUT:,} bytes of JSON.")
    if made.starts_at and made.ends_at and made.ends_at <= made.starts_at:
        fields.wrong("ends_at", "It must be later than starts_at.")
    bodies.refuse(fields, "The schedule is")
    head = await graphs.find(made.graph_id)
    if head is not None:
        version = await graphs.get_version(head.id, head.active_version)
        inputs.constants_of(version, made.input_data, world.settings.max_value_bytes)
        await choosing.check(world, caller, version.graph, made.credentials)
    ended = made.state is State.ENDED  # new times may give it new occurrences
    return _timed(replace(made, state=State.ACTIVE) if ended else made, world.now())


def _timed(made: Schedule, now: datetime) -> Schedule:
    """With its next occurrence; without one it has ended."""
    next_at = schedule.next_after(made, now)
    state = State.ENDED if next_at is None else made.state
    return replace(made, next_at=next_at if state is State.ACTIVE else None, state=state)


def _cron(fields: Fields, raw: Raw) -> str:
    text = fields.text(raw, "cron", least=1, most=cron.MAX_EXPRESSION)
    try:
        if text:
            cron.check(text)
    except cron.CronError as error:
        fields.wrong("cron", str(error))
    return text


def _zone(fields: Fields, raw: Raw) -> str:
    name = fields.text(raw, "timezone", least=1, most=100)
    if name and not cron.is_zone(name):
        fields.wrong("timezone", "It must be a name of the IANA database, such as Europe/Berlin.")
    return name


def _moment(fields: Fields, raw: Raw, name: str) -> datetime | None:
    text = fields.text(raw, name, most=50)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS:
        fields.wrong(name, "It must be a time of this age with its offset, such as 2026-01-31T09:00:00Z.")
        return None
    return moment


def _choice(fields: Fields, raw: Raw, name: str, choices: type[Any], old: Any) -> Any:
    value = raw.get(name)
    if value is None:
        return old
    try:
        return choices(value)
    except ValueError:
        fields.wrong(name, f"It must be one of {', '.join(cast(Any, choices))}.")
        return old


def _view(one: Schedule) -> Resource:
    return {
        "id": one.id,
        "graph_id": one.graph_id,
        "name": one.name,
        "cron": one.cron,
        "timezone": one.timezone,
        "input_data": one.input_data,
        "credentials": one.credentials,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "catch_up": one.catch_up,
        "overlap": one.overlap,
        "status": one.state,
        "next_at": one.next_at,
        "last_at": one.last_at,
        "last_execution_id": one.last_execution_id,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "etag": etags.etag(one.fence),
    }
