"""What came out of one call of a block?

The block's tokens, checked: pins that it declares, values that are JSON, within the limits.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel

from shared.blocks import bounds
from shared.blocks.block import Block, BlockInput, Context, Suspended, Suspension
from shared.domain import errors

MAX_TOKENS_PER_FIRING = 10_000
MAX_VALUE_BYTES = 10_000_000
MAX_NESTING = 200
"""Lists and dictionaries inside each other, in one value: what writes answers takes 254, their own included."""
VALUES_A_FIRING = 10
"""So many values of the greatest size a firing may emit; of smaller ones, more."""

Token = tuple[str, Any]
"""Output pin, JSON value."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``tokens`` in the order in which they were emitted, those before a failure included. With a ``suspension``
    there are none: the block is run anew."""

    tokens: list[Token]
    failure: errors.BlockError | None = None
    suspension: Suspension | None = None


async def collect(
    block: Block,
    input: BlockInput,
    context: Context,
    *,
    many_pins: frozenset[str] | None = None,
    max_tokens_a_firing: int = MAX_TOKENS_PER_FIRING,
    max_value_bytes: int = MAX_VALUE_BYTES,
) -> Outcome:
    """Run ``block`` once. Never raises for what the block does; a cancellation passes through.

    ``many_pins``: the pins on which the graph expects many tokens; those of the block for these inputs, if it
    is not given. ``failure.reason``: what the block raised, or ``BLOCK_CONTRACT`` (an undeclared pin, a
    second token on a pin of one, a value that is not JSON), ``LIMIT_EXCEEDED``, ``BLOCK_CRASHED`` (it raised
    what is not a ``BlockError``).
    """
    many = block.many_pins(dict(iter(input))) if many_pins is None else many_pins
    kept = _Kept(block, many, max_tokens_a_firing, max_value_bytes)
    try:
        await _run(block.run(input, context), bounds.is_large((input, context.resumption)), kept)
    except Suspended as suspended:
        return Outcome(tokens=[], suspension=suspended.suspension)
    except errors.BlockError as failure:
        return Outcome(tokens=kept.tokens, failure=failure)
    except RecursionError:
        failure = errors.BlockError(f"{block.block_type} was given what nests too deep", reason="LIMIT_EXCEEDED")
        return Outcome(tokens=kept.tokens, failure=failure)
    except Exception as error:  # noqa: BLE001 - a block may raise anything; it is logged and recorded
        _log.exception("block crashed", extra={"block_type": block.block_type, "node_id": context.node_id})
        return Outcome(tokens=kept.tokens, failure=_crash(block, error))
    return Outcome(tokens=kept.tokens)


async def _run(run: AsyncIterator[Token] | Iterator[Token], large: bool, kept: "_Kept") -> None:
    """Plain and async generators alike; the block's generator is closed with this. What may take longer than
    some milliseconds is done in a thread: other calls of this event loop go on."""
    if isinstance(run, AsyncIterator):
        async with contextlib.aclosing(cast(AsyncGenerator[Token, None], run)) as generator:
            async for pin, value in generator:
                await kept.keep_quickly(pin, value)
    elif large:
        await asyncio.to_thread(kept.keep_all, run)
    else:
        for pin, value in run:
            await kept.keep_quickly(pin, value)


class _Kept:
    """The tokens of a firing, each checked as it comes."""

    def __init__(self, block: Block, many: frozenset[str], max_tokens: int, max_value_bytes: int) -> None:
        self.tokens: list[Token] = []
        self._block = block
        self._many = many
        self._max_tokens = max_tokens
        self._max_value_bytes = max_value_bytes
        self._bytes = 0

    async def keep_quickly(self, pin: str, value: Any) -> None:
        if bounds.is_large(value):
            await asyncio.to_thread(self.keep, pin, value)
        else:
            self.keep(pin, value)

    def keep_all(self, tokens: Iterator[Token]) -> None:
        for pin, value in tokens:
            self.keep(pin, value)

    def keep(self, pin: str, value: Any) -> None:
        self._check_pin(pin)
        checked = self._checked_value(pin, value)
        if len(self.tokens) >= self._max_tokens:
            raise _limit(self._block, "MAX_TOKENS_PER_FIRING", f"more than {self._max_tokens} tokens")
        self.tokens.append((pin, checked))

    def _check_pin(self, pin: str) -> None:
        block = self._block
        if block.open_pins:
            return
        if pin not in block.Output.model_fields:
            raise _contract(block, f"emitted on the pin {pin!r}, which it does not declare")
        if pin not in self._many and any(pin == earlier for earlier, _ in self.tokens):
            raise _contract(block, f"emitted a second token on the pin {pin!r}, which carries one a firing")

    def _checked_value(self, pin: str, value: Any) -> Any:
        """``value`` as JSON. What is too large is not written: one list at many places is small in memory only."""
        limit = self._max_value_bytes
        if (size := bounds.weight(value, limit)) <= limit:
            try:
                value = jsonable(value)
            except TypeError as error:
                raise _contract(self._block, f"emitted on the pin {pin!r} what is not JSON: {error}") from error
            except RecursionError as error:
                what = (
                    f"a value of more than {MAX_NESTING} lists and dictionaries inside each other on the pin {pin!r}"
                )
                raise _limit(self._block, "MAX_NESTING", what) from error
            size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > limit:
            what = f"a value of {size:,} bytes or more on the pin {pin!r} (the limit is {limit:,})"
            raise _limit(self._block, "MAX_VALUE_BYTES", what)
        self._bytes += size
        if self._bytes > VALUES_A_FIRING * limit:
            what = (
                f"values of more than {VALUES_A_FIRING * limit:,} bytes together, {VALUES_A_FIRING} times the limit"
            )
            raise _limit(self._block, "MAX_VALUE_BYTES", what)
        return value


def jsonable(value: Any, depth: int = 0) -> Any:
    """``value`` as plain JSON types: models as objects, dates and times as ISO 8601 texts, tuples as lists.
    Halves of surrogate pairs, which UTF-8 has no bytes for, become U+FFFD. TypeError for anything else;
    RecursionError above ``MAX_NESTING``."""
    if depth > MAX_NESTING:
        raise RecursionError
    match value:
        case Enum():
            return jsonable(value.value, depth)
        case str():
            return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case None | bool() | int() | float():
            return value
        case list() | tuple():
            return [jsonable(one, depth + 1) for one in cast(list[Any], value)]
        case Mapping():
            return {_key(key): jsonable(one, depth + 1) for key, one in cast(Mapping[Any, Any], value).items()}
        case BaseModel():
            return jsonable(value.model_dump(), depth)
        case date() | datetime() | time():
            return value.isoformat()
        case _:
            raise TypeError(f"a {type(value).__name__}")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return cast(str, jsonable(key))
    if isinstance(key, int | float) and not isinstance(key, bool):
        return str(key)
    raise TypeError(f"a dictionary key of type {type(key).__name__}")


def _contract(block: Block, what: str) -> errors.BlockError:
    return errors.BlockError(f"{block.block_type} {what}; this is a fault of the block", reason="BLOCK_CONTRACT")


def _limit(block: Block, setting: str, what: str) -> errors.BlockError:
    return errors.BlockError(f"{block.block_type} emitted {what}: {setting}", reason="LIMIT_EXCEEDED")


def _crash(block: Block, error: Exception) -> errors.BlockError:
    text = f"{block.block_type} failed unexpectedly with {type(error).__name__}: {error}"
    return errors.BlockError(text[:1_000], reason="BLOCK_CRASHED")
