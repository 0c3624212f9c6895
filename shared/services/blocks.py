"""What blocks are there, and what does one do with these inputs?"""

import asyncio
import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from shared import clock
from shared.blocks import catalog, runner
from shared.blocks.block import Block, BlockInput, Context
from shared.blocks.runner import Outcome
from shared.domain import errors, validation
from shared.domain.errors import Violation
from shared.domain.permissions import Caller
from shared.services import budgets, memory, user_files, wallets, world

TIME_LIMIT_SECONDS = 50.0
"""The function that calls the block has a minute."""


@functools.cache
def list_all() -> list[dict[str, Any]]:
    """Every block, ordered by type."""
    return [catalog.describe(block) for block in catalog.all()]


@functools.cache
def get(block_type: str) -> dict[str, Any]:
    """One block. NotFound."""
    return catalog.describe(catalog.get(block_type))


async def execute(caller: Caller, block_type: str, raw: Any, call_id: str) -> dict[str, Any]:
    """Call a block once: ``{id, block_type, success, output_data {pin: [values]}, error, execution_time (seconds)}``.
    NotFound; InvalidArgument for inputs that it cannot take. What the block itself does is in the answer."""
    block = catalog.get(block_type)
    given = _input(block, _values(block, raw))
    started = clock.monotonic()
    outcome = await _call(block, given, caller, call_id)
    return {
        "id": call_id,
        "block_type": block_type,
        "success": outcome.failure is None,
        "output_data": _by_pin(outcome),
        "error": outcome.failure.message if outcome.failure else None,
        "execution_time": clock.monotonic() - started,
    }


def _values(block: Block, raw: Any) -> Mapping[str, Any]:
    """The inputs in a body: under ``input_data``, or the body itself."""
    if not isinstance(raw, Mapping):
        raise _invalid(block, [Violation("body", "It must be an object.")])
    body = cast(Mapping[str, Any], raw)
    if "input_data" not in body or "input_data" in block.Input.model_fields:
        return body
    values = body["input_data"]
    if values is not None and not isinstance(values, Mapping):
        raise _invalid(block, [Violation("input_data", "It must be an object.")])
    return cast(Mapping[str, Any], values or {})


def _input(block: Block, values: Mapping[str, Any]) -> BlockInput:
    violations = validation.input_violations(catalog.specs()[block.block_type], values, "input_data")
    if violations:
        raise _invalid(block, violations)
    try:
        return catalog.read_input(block, values)
    except errors.BlockError as error:
        raise _invalid(block, [Violation("input_data", error.message)]) from error


async def _call(block: Block, given: BlockInput, caller: Caller, call_id: str) -> Outcome:
    here = world.real()
    context = Context(
        user_id=caller.user_id,
        idempotency_key=call_id,
        now=here.now,
        http=here.http,
        settings=here.settings.for_blocks(),
        memory=memory.UserMemory(user_id=caller.user_id, graph_id="", now=here.now),
        files=user_files.UserFiles(world=here, user_id=caller.user_id, execution_id=""),
        random_bytes=here.random_bytes,
        budget=budgets.UserBudget(world=here, user_id=caller.user_id, cause=call_id),
    )
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            with wallets.opening(here, caller.user_id) as wallet:
                outcome = await runner.collect(
                    block,
                    given,
                    replace(context, wallet=wallet),
                    max_tokens_a_firing=here.settings.max_tokens_per_firing,
                    max_value_bytes=here.settings.max_value_bytes,
                )
                return await wallets.redacted(_ended(block, outcome), wallet)
    except TimeoutError:
        message = f"{block.block_type} took longer than {TIME_LIMIT_SECONDS:g} s; run it in a graph."
        return Outcome(tokens=[], failure=errors.BlockError(message, reason="TIMEOUT"))


def _ended(block: Block, outcome: Outcome) -> Outcome:
    """Nobody would go on with what waits here."""
    if outcome.suspension is None:
        return outcome
    message = f"{block.block_type} waits for something, and then goes on; run it in a graph."
    return Outcome(tokens=[], failure=errors.BlockError(message))


def _by_pin(outcome: Outcome) -> dict[str, list[Any]]:
    output: dict[str, list[Any]] = {}
    for pin, value in outcome.tokens:
        output.setdefault(pin, []).append(value)
    return output


def _invalid(block: Block, violations: list[Violation]) -> errors.InvalidArgument:
    return errors.invalid(f"{block.block_type} cannot take these inputs", violations, reason="INVALID_INPUT")
