"""Which devices of a user get push messages? Those that they registered, until FCM knows one no more."""

from dataclasses import replace
from typing import Any

from shared.domain import identity
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import devices
from shared.firestore.devices import Device
from shared.services import bodies, etags, notifying, owned, texts
from shared.services.world import World

MAX_TOKEN = 4_096
MAX_NAME = 200

DEVICES = owned.Kind("device", devices.documents, reason="DEVICE_NOT_FOUND")


async def register(world: World, caller: Caller, raw: Any) -> dict[str, Any]:
    """The same token again is the same device; one that was another's is the caller's from now on. InvalidArgument;
    Conflict: there are too many."""
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("token", "name"))
    token = fields.text(body, "token", least=1, most=MAX_TOKEN)
    name = texts.plain(fields.text(body, "name", most=MAX_NAME))
    bodies.refuse(fields, "The device is")
    now = world.now()
    id_ = identity.derive("device", token)
    for _ in range(etags.ATTEMPTS):
        old = await devices.documents.find(id_)
        if old is None or old.user_id != caller.user_id:
            await DEVICES.limit(caller, notifying.MAX_DEVICES)
        made = Device(id=id_, user_id=caller.user_id, token=token, name=name, created_at=now, updated_at=now)
        if old is not None:
            kept = old.created_at if old.user_id == caller.user_id else now
            made = replace(made, created_at=kept, fence=old.fence)
        if await (devices.documents.create(made) if old is None else devices.documents.update(made)):
            return view(await DEVICES.get(caller, id_))
    raise etags.contended("the device")


async def page(
    caller: Caller, size: int, cursor: owned.Cursor | None
) -> tuple[list[dict[str, Any]], owned.Cursor | None]:
    found, following = await DEVICES.page(caller, size, cursor)
    return [view(one) for one in found], following


async def delete(caller: Caller, id_: str) -> None:
    await DEVICES.delete(caller, id_)


def view(device: Device) -> dict[str, Any]:
    """Without the token: whoever has it can send to the device."""
    return {
        "id": device.id,
        "name": device.name,
        "created_at": device.created_at,
        "updated_at": device.updated_at,
    }
