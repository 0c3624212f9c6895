"""May an execution be started with these credentials? Every one of them is checked before it begins."""

from collections.abc import Mapping
from typing import Any

from shared.blocks import catalog
from shared.blocks.credentials import Need
from shared.domain import credentials, errors
from shared.domain.errors import BlockError, Violation
from shared.domain.fields import Fields, kind
from shared.domain.graph import Graph
from shared.domain.permissions import Caller
from shared.services import suiting
from shared.services.world import World

MAX_CHOICES = 200


def read(fields: Fields, raw: Mapping[str, Any]) -> dict[str, str]:
    """The ``credentials`` of a body: node id or provider -> the id of credentials."""
    chosen = fields.object(raw, "credentials", "")
    if len(chosen) > MAX_CHOICES:
        fields.wrong("credentials", f"It must have {MAX_CHOICES} entries at most.")
    for key, id_ in chosen.items():
        if not isinstance(id_, str):
            fields.wrong(f"credentials.{key}", f"It must be the id of credentials, not {kind(id_)}.")
    return {key: id_ for key, id_ in chosen.items() if isinstance(id_, str)}


async def check(world: World, caller: Caller, graph: Graph, choices: Mapping[str, str]) -> None:
    """InvalidArgument names every choice that no node asks for, is not the caller's, or does not suit."""
    if not choices:
        return
    violations: dict[str, str] = dict.fromkeys(choices, "No node or provider of the graph has this name.")
    for node in graph.nodes:
        block = catalog.find(node.block_type)
        spec = catalog.specs().get(node.block_type)
        if block is None or spec is None:
            continue
        needs = block.needs(node.input_data)
        for name, pin in spec.credentials(node.input_data).items():
            named = [key for key in credentials.keys(node, pin) if key in choices]
            for key in named[1:]:
                violations.pop(key, None)  # a sharper one counts for this node
            if named:
                violations.pop(named[0], None)
                if (why := await _why_not(world, caller, needs[name], choices[named[0]])) is not None:
                    violations[named[0]] = why
    if violations:
        listed = [Violation(f"credentials.{key[:200]}", why) for key, why in violations.items()]
        raise errors.invalid("The credentials do not suit the graph", listed, reason="CREDENTIALS_UNSUITABLE")


async def _why_not(world: World, caller: Caller, need: Need, id_: str) -> str | None:
    try:
        await suiting.check(caller.user_id, need, id_, world.now())
    except BlockError as error:
        return error.message
    return None
