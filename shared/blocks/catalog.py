"""Which blocks are there, and does a node's input suit its block?

Every module beside this one, and in ``integrations``, that defines blocks is read on the first question; none of
them may import a heavy library (openai, openpyxl, jinja2, regex, httpx) before a block runs.
"""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from shared import blocks
from shared.blocks import integrations
from shared.blocks.block import Block, BlockInput
from shared.blocks.credentials import Need
from shared.domain import coercion, errors, pins
from shared.domain.spec import BlockSpec, Catalog, CredentialsPin, InputPin


def get(block_type: str) -> Block:
    """The block of this type, spelt exactly so. NotFound, reason ``BLOCK_NOT_FOUND``."""
    block = find(block_type)
    if block is None:
        raise errors.NotFound(
            f"There is no block {block_type!r}; GET /api/v1/blocks lists those there are.",
            reason="BLOCK_NOT_FOUND",
            metadata={"block_type": block_type},
        )
    return block


def find(block_type: str) -> Block | None:
    return _registry().get(block_type)


def all() -> list[Block]:
    """Every block, ordered by type."""
    return list(_registry().values())


def spec(block_type: str) -> BlockSpec | None:
    """What the engine knows of the block of this type; None where there is no such block."""
    return specs().get(block_type)


@functools.cache
def specs() -> Catalog:
    return {block.block_type: _spec(block) for block in all()}


def _spec(block: Block) -> BlockSpec:
    return BlockSpec(
        block_type=block.block_type,
        inputs={pin.name: pin for pin in _input_pins(block)},
        outputs=_schemas(block.Output.model_json_schema(mode="serialization")),
        pure=block.pure,
        static_output=block.static_output,
        open_pins=block.open_pins,
        feedback=block.feedback,
        suspends=block.suspends,
        max_attempts=block.max_attempts,
        version=block.version,
        many_pins=block.many_pins,
        coerce=functools.partial(coerce, block),
        credentials=lambda input_data: {p: _credentials_pin(need) for p, need in block.needs(input_data).items()},
        advice=block.advice,
    )


def _credentials_pin(need: Need) -> CredentialsPin:
    return CredentialsPin(
        provider=need.provider,
        kinds=tuple(need.kinds),
        where=need.where,
        scopes=need.scopes,
        hosts=need.hosts,
        required=need.required,
    )


def describe(block: Block) -> dict[str, Any]:
    """What ``GET /blocks`` says of it."""
    return {
        "id": block.block_type,
        "block_type": block.block_type,
        "category": block.category,
        "description": block.description,
        "input_schema": _input_schema(block),
        "output_schema": block.Output.model_json_schema(mode="serialization"),
        "examples": [
            {"title": one.title, "input": one.input, "output": one.output, "fails": one.fails}
            for one in block.examples
        ],
        "cost": block.cost,
        "pure": block.pure,
        "emits_many": sorted(block.emits_many),
        "static_output": block.static_output,
        "max_attempts": block.max_attempts,
        "version": block.version,
    }


def _input_schema(block: Block) -> dict[str, Any]:
    """With the defaults that are made anew each time, too: a pin that is not required says what stands in."""
    schema = block.Input.model_json_schema()
    for pin in _input_pins(block):
        if not pin.required:
            schema["properties"][pin.name].setdefault("default", pin.default)
    return schema


def coerce(block: Block, pin: str, value: Any) -> Any:
    """``value`` as JSON of the pin's type. ValueError says why it cannot be. A dynamic pin is judged with its
    base pin, once they are together; null for a pin with a default stays null, and means the default. A pin that
    an open block does not name takes anything."""
    if pins.is_dynamic(pin) or pin not in block.Input.model_fields or _means_default(block, pin, value):
        return value
    converted = coercion.coerce(value, _pin_schemas(block)[pin])
    try:
        block.Input.__pydantic_validator__.validate_assignment(block.Input.model_construct(), pin, converted)
    except ValidationError as error:
        raise ValueError("; ".join(one["msg"] for one in error.errors())) from error
    return converted


def read_input(block: Block, values: Mapping[str, Any]) -> BlockInput:
    """The block's ``Input`` from pin -> value: dynamic pins put together, values coerced, all validated.
    BlockError ``INVALID_INPUT`` names every pin that is wrong."""
    problems: list[str] = []
    coerced: dict[str, Any] = {}
    for pin, value in _merged(block, values).items():
        if pin not in block.Input.model_fields and block.Input.model_config.get("extra") != "allow":
            problems.append(f"{pin}: the block has no such pin")
            continue
        if _means_default(block, pin, value):
            continue
        try:
            coerced[pin] = coerce(block, pin, value) if pin in block.Input.model_fields else value
        except ValueError as error:
            problems.append(f"{pin}: {error}")
    problems += [f"{pin}: nothing came, and it has no default" for pin in _missing(block, values)]
    if problems:
        raise _invalid(block, problems)
    try:
        return block.Input.model_validate(coerced)
    except ValidationError as error:
        raise _invalid(block, [_place(one) + one["msg"] for one in error.errors()]) from error


def _means_default(block: Block, pin: str, value: Any) -> bool:
    """A form that is cleared leaves null behind; where null is no value of the pin, the default stands in."""
    field = block.Input.model_fields.get(pin)
    if value is not None or field is None or field.is_required():
        return False
    return not coercion.fits(None, _pin_schemas(block)[pin])


def _merged(block: Block, values: Mapping[str, Any]) -> dict[str, Any]:
    bases = {pins.base_name(pin) for pin in values if pins.is_dynamic(pin)}
    if not bases:
        return dict(values)
    defaults = {pin.name: pin.default for pin in _input_pins(block) if pin.name in bases}
    try:
        return pins.merge({**defaults, **values})
    except ValueError as error:
        raise _invalid(block, [str(error)]) from error


def _missing(block: Block, values: Mapping[str, Any]) -> list[str]:
    given = {pins.base_name(pin) for pin in values}
    return [name for name, field in block.Input.model_fields.items() if field.is_required() and name not in given]


def _place(problem: Any) -> str:
    return "".join(f"{one}: " for one in problem["loc"][:1])


def _invalid(block: Block, problems: list[str]) -> errors.BlockError:
    return errors.BlockError(
        f"The input of {block.block_type} is not valid: {'; '.join(problems)}", reason="INVALID_INPUT"
    )


def _input_pins(block: Block) -> Iterator[InputPin]:
    schemas = _pin_schemas(block)
    for name, field in block.Input.model_fields.items():
        required = field.is_required()
        default = None if required else schemas[name].get("default", _default(block, name))
        yield InputPin(name=name, required=required, default=default, schema=schemas[name])


def _default(block: Block, name: str) -> Any:
    """The default that a factory makes, as JSON."""
    return to_jsonable_python(block.Input.model_fields[name].get_default(call_default_factory=True))


@functools.cache
def _pin_schemas(block: Block) -> dict[str, dict[str, Any]]:
    return _schemas(block.Input.model_json_schema())


def _schemas(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each pin's schema alone, with the definitions beside it where there are some."""
    shared = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {name: {**pin, **shared} for name, pin in schema.get("properties", {}).items()}


@functools.cache
def _registry() -> dict[str, Block]:
    found: dict[str, Block] = {}
    for module_name in _modules():
        for block in _blocks_of(module_name):
            if block.block_type in found:
                raise TypeError(f"two blocks call themselves {block.block_type}")
            found[block.block_type] = block
    return dict(sorted(found.items()))


def _modules() -> Iterator[str]:
    for package in (blocks, integrations):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg:
                yield module.name


def _blocks_of(module_name: str) -> Iterator[Block]:
    for cls in vars(importlib.import_module(module_name)).values():
        if not inspect.isclass(cls) or not issubclass(cls, Block) or cls.__module__ != module_name:
            continue
        if "block_type" in vars(cls):
            yield cls()
