"""Is a value too large for a document? Then it lies in the bucket, and documents and tasks carry where.

Blocks never see the difference: outputs are packed before they are recorded, inputs unpacked before a block runs.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.domain.records import NodeExecution, Output, Token
from shared.firestore import executions, values
from shared.gcp import storage
from shared.services.world import World

MAX_OUTPUTS = 500_000
"""Bytes of all outputs of a node execution in its document; above that their list is an object of its own."""

_LIST = "*"  # the pin of the one output that stands for a list which is stored whole


def prefix(execution_id: str) -> str:
    """Under which the objects of an execution lie."""
    return f"values/{execution_id}/"


async def pack(world: World, execution_id: str, outputs: Sequence[Output]) -> list[Output]:
    """The outputs with every large value stored. They keep their value too, for who delivers them now."""
    return list(await asyncio.gather(*(_pack_one(world, execution_id, o) for o in outputs)))


async def pack_list(node: NodeExecution) -> NodeExecution:
    """The node execution as it is recorded: with a list of outputs that fits into a document."""
    text = values.dump_outputs(node.outputs)
    if len(text.encode()) <= MAX_OUTPUTS:
        return node
    return replace(node, outputs=[Output(pin=_LIST, stored=await _put(node.execution_id, text))])


async def shrink(node: NodeExecution) -> NodeExecution:
    """A node execution whose inputs fit into a document: the largest are stored until they do. Each alone was small
    enough, or is a part of one that was not."""
    sizes = {pin: 0 if t.stored else len(values.dump(t.value).encode()) for pin, t in node.inputs.items()}
    inputs = dict(node.inputs)
    for pin in sorted(sizes, key=lambda pin: -sizes[pin]):
        if sum(sizes.values()) <= MAX_OUTPUTS:
            break
        token = inputs[pin]
        inputs[pin] = replace(token, value=None, stored=await _put(node.execution_id, values.dump(token.value)))
        sizes[pin] = 0
    return replace(node, inputs=inputs) if inputs != node.inputs else node


async def constants(world: World, execution_id: str, given: Mapping[str, Any]) -> dict[str, Output]:
    """Node id -> the output of an input with this value; the large ones, and what is too much together, stored."""
    packed = await pack(world, execution_id, [Output(pin="result", value=value) for value in given.values()])
    outputs = dict(zip(given, packed, strict=True))
    sizes = {id_: 0 if o.stored else len(values.dump(o.value).encode()) for id_, o in outputs.items()}
    for id_ in sorted(sizes, key=lambda id_: -sizes[id_]):
        if sum(sizes.values()) <= executions.MAX_CONSTANTS:
            break
        outputs[id_] = replace(outputs[id_], stored=await _put(execution_id, values.dump(outputs[id_].value)))
        sizes[id_] = 0
    return outputs


async def load(outputs: Mapping[str, Output]) -> dict[str, Output]:
    """Outputs with their values, by the same keys."""
    loaded = await asyncio.gather(*(_load(o.stored, o.value) for o in outputs.values()))
    return {id_: replace(o, value=value) for (id_, o), value in zip(outputs.items(), loaded, strict=True)}


async def unpack(node: NodeExecution) -> NodeExecution:
    """The node execution with the values of all its outputs."""
    outputs = list(node.outputs)
    if len(outputs) == 1 and outputs[0].pin == _LIST and outputs[0].stored:
        outputs = values.load_outputs((await storage.get(outputs[0].stored)).decode())
    loaded = await asyncio.gather(*(_load(o.stored, o.value) for o in outputs))
    return replace(node, outputs=[replace(o, value=v) for o, v in zip(outputs, loaded, strict=True)])


async def unpack_all(nodes: Iterable[NodeExecution]) -> list[NodeExecution]:
    return list(await asyncio.gather(*(unpack(node) for node in nodes)))


async def put(world: World, execution_id: str, value: Any) -> Output:
    """One JSON value, stored where it is large. TypeError or ValueError: it is not JSON."""
    (packed,) = await pack(world, execution_id, [Output(pin="", value=value)])
    return packed


async def get(output: Output) -> Any:
    """The value of an output."""
    return await _load(output.stored, output.value)


async def inputs(tokens: Mapping[str, Token]) -> dict[str, Any]:
    """Pin -> value."""
    loaded = await asyncio.gather(*(_load(t.stored, t.value) for t in tokens.values()))
    return dict(zip(tokens, loaded, strict=True))


async def drop(execution_id: str, outputs: Sequence[Output]) -> None:
    """Outputs that could not be recorded: if their execution has been deleted meanwhile, nobody else would delete
    what was stored of them."""
    if any(o.stored for o in outputs) and await executions.find(execution_id) is None:
        await storage.delete_all(prefix(execution_id))


async def _pack_one(world: World, execution_id: str, output: Output) -> Output:
    if isinstance(output.value, int | float | bool | None):
        return output
    text = values.dump(output.value)
    if len(text) * 4 <= world.settings.inline_value_bytes or len(text.encode()) <= world.settings.inline_value_bytes:
        return output
    return replace(output, stored=await _put(execution_id, text))


async def _put(execution_id: str, text: str) -> str:
    data = text.encode()
    name = f"{prefix(execution_id)}{hashlib.sha256(data).hexdigest()}"
    await storage.put(name, data)
    return name


async def _load(stored: str | None, value: Any) -> Any:
    return values.load((await storage.get(stored)).decode()) if stored is not None and value is None else value
