"""What may a user do with the folders of their library? Create, rename, list, delete; what lay in one stays."""

import dataclasses
from typing import Any

from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import folders, graphs
from shared.firestore.folders import Folder
from shared.services import bodies, etags, owned, texts
from shared.services.world import World

FOLDERS = owned.Kind("folder", folders.documents, reason="FOLDER_NOT_FOUND")
MAX_NAME = 100
MAX_FOLDERS = 200
BATCH = 100

Resource = dict[str, Any]


async def create(world: World, caller: Caller, raw: Any, id_: str) -> Resource:
    """InvalidArgument; Conflict: there are too many."""
    await FOLDERS.limit(caller, MAX_FOLDERS)
    now = world.now()
    blank = Folder(id=id_, user_id=caller.user_id, name="", created_at=now, updated_at=now)
    return view(await FOLDERS.create(caller, _changed(world, blank, raw)))


async def get(caller: Caller, id_: str) -> Resource:
    return view(await FOLDERS.get(caller, id_))


async def list_of(
    caller: Caller, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    found, following = await FOLDERS.page(caller, size, cursor)
    return [view(one) for one in found], following


async def update(world: World, caller: Caller, id_: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    async def make(old: Folder) -> Folder:
        return _changed(world, old, raw)

    return view(await FOLDERS.change(caller, id_, expected, make))


async def delete(caller: Caller, id_: str, expected: frozenset[str] | None) -> None:
    """The folder, and then what lies in it lies in none: dying between leaves agents in a folder that is not there,
    which is as good as none."""
    await FOLDERS.delete(caller, id_, expected)
    while found := await graphs.list_of(caller.user_id, None, BATCH, folder_id=id_):
        for head in found:
            await graphs.update(dataclasses.replace(head, folder_id=""))


async def wanted(fields: Fields, caller: Caller, body: bodies.Raw, old: str) -> str:
    """The ``folder_id`` of a body, where it says one: null is none. Noted: there is no such folder."""
    if "folder_id" not in body or body["folder_id"] is None:
        return old if "folder_id" not in body else ""
    id_ = fields.text(body, "folder_id", least=1, most=128)
    found = await folders.documents.find(id_) if graphs.is_id(id_) else None
    if id_ and (found is None or found.user_id != caller.user_id):
        fields.wrong("folder_id", "There is no such folder of yours.")
    return id_


def _changed(world: World, old: Folder, raw: Any) -> Folder:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("name",))
    name = texts.plain(fields.text(body, "name", least=1, most=MAX_NAME))
    if not name and not fields.violations:
        fields.wrong("name", "It is empty, or has nothing but HTML.")
    bodies.refuse(fields, "The folder is")
    return dataclasses.replace(old, name=name, updated_at=world.now())


def view(folder: Folder) -> Resource:
    return {
        "id": folder.id,
        "name": folder.name,
        "created_at": folder.created_at,
        "updated_at": folder.updated_at,
        "etag": etags.etag(folder.fence),
    }
