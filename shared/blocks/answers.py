"""How does one get an answer that can be used out of a language model? Read it, and ask again with what was wrong."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.blocks.completions import Completion, Message
from shared.domain import errors

MAX_PROBLEMS = 5
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A JSON Schema that is known to be one."""

    schema: Mapping[str, Any]

    def read(self, text: str) -> Any:
        """The JSON in an answer. ValueError says what is wrong with it, for the model to mend."""
        value = json_in(text)
        import jsonschema

        found = sorted(jsonschema.Draft202012Validator(self.schema).iter_errors(value), key=lambda e: list(e.path))
        if found:
            raise ValueError("; ".join(f"{error.json_path}: {error.message[:300]}" for error in found[:MAX_PROBLEMS]))
        return value


def form(schema: Any) -> Form:
    """BlockError ``INVALID_INPUT``: it is no JSON Schema, or refers to another document."""
    import jsonschema

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise errors.BlockError(
            f"The schema is no JSON Schema: {error.message[:300]}; see https://json-schema.org",
            reason="INVALID_INPUT",
        ) from error
    if _refers_outside(schema):
        raise errors.BlockError("A $ref of the schema leads out of it: use #/$defs/…", reason="INVALID_INPUT")
    return Form(schema=schema)


def _refers_outside(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        reference = schema.get("$ref", "#")
        return not str(reference).startswith("#") or any(map(_refers_outside, schema.values()))
    return isinstance(schema, list) and any(map(_refers_outside, schema))


def json_in(text: str) -> Any:
    """The JSON value that an answer is, or holds: in a fence, or among words. ValueError: there is none."""
    stripped = text.strip()
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    for fenced in _FENCED.findall(text):
        try:
            return json.loads(fenced)
        except (ValueError, RecursionError) as error:
            problem = str(error)
    starts = [at for at in (stripped.find("{"), stripped.find("[")) if at >= 0]
    if starts:
        try:
            return json.JSONDecoder().raw_decode(stripped[min(starts) :])[0]
        except (ValueError, RecursionError) as error:
            problem = str(error)
    raise ValueError(f"it is not JSON ({problem})")


async def until_usable(
    ask: Callable[[Sequence[Message]], Awaitable[Completion]],
    messages: Sequence[Message],
    read: Callable[[str], T],
    *,
    tries: int,
) -> T:
    """What ``read`` makes of the answer; where it raises ValueError, the model sees why and is asked again, ``tries``
    times in all. BlockError ``LLM_ANSWER_UNUSABLE``: none of them would do. Every call is charged."""
    said: list[Message] = list(messages)
    for attempt in range(1, max(tries, 1) + 1):
        completion = await ask(said)
        try:
            return read(completion.text)
        except ValueError as error:
            problem = f"{error}; it was cut off at max_tokens" if completion.cut else str(error)
            if attempt >= tries:
                raise errors.BlockError(
                    f"{completion.model} gave no usable answer in {attempt} tries; the last: {problem}. It began: "
                    f"{completion.text[:200]!r}",
                    reason="LLM_ANSWER_UNUSABLE",
                ) from error
            said = [*said, completion.message, {"role": "user", "content": _mend(problem)}]
    raise AssertionError("unreachable")


def _mend(problem: str) -> str:
    return f"That answer cannot be used: {problem}. Give the whole answer again, corrected, and nothing else."
