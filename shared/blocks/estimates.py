"""What will a firing of a node cost, as far as its literals say?

A range of dollars: at least what is asked about, with an answer of one word; at most an answer as long as it may be;
expected, an answer of ``EXPECTED_ANSWER`` tokens, and as much for each pin that a link supplies.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.blocks import prices, providers, tokens
from shared.blocks.block import LINKED
from shared.blocks.budget import Estimate
from shared.blocks.prices import Usage

EXPECTED_ANSWER = 500
EXPECTED_PIN = 500
LONGEST_ANSWER = 4_096


def of_model(model: str, input_data: Mapping[str, Any], *, own: bool) -> Estimate:
    """Of a node that asks a model once; not known where the model has no price."""
    given = {pin: value for pin, value in input_data.items() if value is not LINKED}
    linked = len(input_data) - len(given)
    asked = tokens.estimate(json.dumps(given, default=str))
    limit = given.get("max_tokens")
    most = limit if isinstance(limit, int) and limit > 0 else LONGEST_ANSWER
    answers = (1, min(most, EXPECTED_ANSWER), most)
    prompts = (asked, asked + linked * EXPECTED_PIN, asked + linked * EXPECTED_PIN * 4)
    figures = [_cost(model, prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    if any(one is None for one in figures):
        return Estimate(known=False, deployment=not own)
    low, expected, high = (one or 0.0 for one in figures)
    return Estimate(low=low, expected=expected, high=high, deployment=not own)


def _cost(model: str, prompt: int, completion: int) -> float | None:
    return prices.cost(providers.of(model), model, Usage(prompt=prompt, completion=completion))
