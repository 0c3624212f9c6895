"""What may a user do with presets? Keep inputs and credentials for an agent under a name, and run them."""

import dataclasses
from typing import Any

from shared.domain import analysis
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.records import Execution
from shared.firestore import graphs, presets, values
from shared.firestore.presets import Preset
from shared.services import bodies, choosing, etags, executions, inputs, owned, texts
from shared.services import graphs as graph_service
from shared.services.world import World

PRESETS = owned.Kind("preset", presets.documents, reason="PRESET_NOT_FOUND")
MAX_NAME = 100
MAX_DESCRIPTION = 2_000
MAX_PRESETS = 500
WRITABLE = ("name", "description", "input_data", "credentials")

Resource = dict[str, Any]


async def create(world: World, caller: Caller, graph_id: str, raw: Any, id_: str) -> Resource:
    """NotFound; InvalidArgument; Conflict: there are too many."""
    head = await graph_service.owned(caller, graph_id)
    await PRESETS.limit(caller, MAX_PRESETS)
    now = world.now()
    blank = Preset(
        id=id_,
        user_id=caller.user_id,
        graph_id=head.id,
        name="",
        description="",
        input_data={},
        credentials={},
        created_at=now,
        updated_at=now,
    )
    return view(await PRESETS.create(caller, await _changed(world, caller, blank, raw)))


async def get(caller: Caller, id_: str) -> Resource:
    return view(await PRESETS.get(caller, id_))


async def list_of(
    caller: Caller, graph_id: str | None, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page, newest first, and the cursor of the next. NotFound: the agent is not the caller's."""
    if graph_id is not None:
        await graph_service.owned(caller, graph_id)
    found, following = await PRESETS.page(caller, size, cursor, graph_id=graph_id)
    return [view(one) for one in found], following


async def update(world: World, caller: Caller, id_: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    async def make(old: Preset) -> Preset:
        return await _changed(world, caller, old, raw)

    return view(await PRESETS.change(caller, id_, expected, make))


async def delete(caller: Caller, id_: str, expected: frozenset[str] | None) -> None:
    await PRESETS.delete(caller, id_, expected)


async def execute(world: World, caller: Caller, id_: str, raw: Any, execution_id: str) -> Execution:
    """Run the agent with what the preset has; what the body says of an input goes before. As
    ``executions.start``."""
    preset = await PRESETS.get(caller, id_)
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("input_data", "queue"))
    more = fields.object(body, "input_data", "")
    queue = body.get("queue") or "interactive"
    if queue not in ("interactive", "background"):
        fields.wrong("queue", "It must be interactive or background.")
    bodies.refuse(fields, "The run is")
    given = {**preset.input_data, **more}
    return await executions.start(world, caller, preset.graph_id, execution_id, given, queue, preset.credentials)


async def _changed(world: World, caller: Caller, old: Preset, raw: Any) -> Preset:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, WRITABLE)
    name = old.name
    if "name" in body or not old.name:
        name = texts.plain(fields.text(body, "name", least=1, most=MAX_NAME))
        if not name and not fields.violations:
            fields.wrong("name", "It is empty, or has nothing but HTML.")
    description = fields.text(body, "description", most=MAX_DESCRIPTION, lines=True)
    made = dataclasses.replace(
        old,
        name=name,
        description=texts.rich(description) if "description" in body else old.description,
        input_data=fields.object(body, "input_data", "") if "input_data" in body else old.input_data,
        credentials=choosing.read(fields, body) if "credentials" in body else old.credentials,
        updated_at=world.now(),
    )
    if len(values.dump(dict(made.input_data)).encode()) > presets.MAX_INPUT:
        fields.wrong("input_data", f"It is larger than {presets.MAX_INPUT:,} bytes of JSON.")
    bodies.refuse(fields, "The preset is")
    head = await graphs.find(made.graph_id)
    if head is not None:
        version = await graphs.get_version(head.id, head.active_version)
        secret = [n for n in version.graph.nodes if analysis.is_input(n.block_type) and n.input_data.get("secret")]
        for named in [str(n.input_data.get("name", "")) for n in secret]:
            if named in made.input_data:
                fields.wrong(f"input_data.{named}", "It is secret: give it with each run, or use credentials.")
        bodies.refuse(fields, "The preset is")
        inputs.check_given(version, made.input_data, world.settings.max_value_bytes)
        await choosing.check(world, caller, version.graph, made.credentials)
    return made


def view(preset: Preset) -> Resource:
    return {
        "id": preset.id,
        "graph_id": preset.graph_id,
        "name": preset.name,
        "description": preset.description,
        "input_data": preset.input_data,
        "credentials": preset.credentials,
        "created_at": preset.created_at,
        "updated_at": preset.updated_at,
        "etag": etags.etag(preset.fence),
    }
