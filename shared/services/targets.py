"""What does an event of the world outside start? A graph of the user's, one input of which gets what happened.

Webhooks and triggers have this in common.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from shared.domain import analysis, errors
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import graphs, values
from shared.services import choosing, inputs, texts
from shared.services.world import World

MAX_NAME = 200
FIELDS = ("name", "input_name", "input_data", "credentials")


class Target(Protocol):
    @property
    def graph_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def input_name(self) -> str: ...
    @property
    def input_data(self) -> Mapping[str, Any]: ...
    @property
    def credentials(self) -> Mapping[str, str]: ...


T = TypeVar("T", bound=Target)


def read(fields: Fields, raw: Mapping[str, Any], old: Target, max_input: int) -> dict[str, Any]:
    """The fields of ``old`` with what is in ``raw``."""
    given = fields.object(raw, "input_data", "") if "input_data" in raw else old.input_data
    if len(values.dump(dict(given)).encode()) > max_input:
        fields.wrong("input_data", f"It is larger than {max_input:,} bytes of JSON.")
    return {
        "name": texts.plain(fields.text(raw, "name", most=MAX_NAME)) if "name" in raw else old.name,
        "input_name": fields.text(raw, "input_name", most=MAX_NAME) if "input_name" in raw else old.input_name,
        "input_data": given,
        "credentials": choosing.read(fields, raw) if "credentials" in raw else old.credentials,
    }


async def input_of(world: World, caller: Caller, target: Target) -> str:
    """The input that gets what happened: the named one, or the only one. InvalidArgument: the rest does not suit."""
    head = await graphs.find(target.graph_id)
    if head is None:
        return target.input_name
    version = await graphs.get_version(head.id, head.active_version)
    name = _input_of(version, target.input_name)
    inputs.constants_of(version, {**target.input_data, name: {}}, world.settings.max_value_bytes)
    await choosing.check(world, caller, version.graph, target.credentials)
    return name


def _input_of(version: graphs.Version, name: str) -> str:
    names = [str(n.input_data.get("name", "")) for n in version.graph.nodes if analysis.is_input(n.block_type)]
    if name in names:
        return name
    if not name and len(names) == 1:
        return names[0]
    listed = ", ".join(repr(one) for one in sorted(names)) or "none"
    what = f"There is no input {name!r}" if name else "Name the input that gets what happened"
    raise errors.InvalidArgument(
        "The input is not one of the graph.", violations=[Violation("input_name", f"{what}; the graph has {listed}.")]
    )
