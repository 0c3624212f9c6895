"""Random dialogs of an orchestrator, taken step by step through the graph, end as if nothing ran at the same time.

``DIALOGS=200`` makes it as many.
"""

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.scripted import Scripted, results
from tests.engine.scripted import model as model
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

TOOLS = {"upper": str.upper, "lower": str.lower, "reverse": lambda text: text[::-1]}
LINKS = [
    "in.result -> each.items",
    "each.item -> agent.prompt",
    "agent.conversations -> agent.conversation_history",
    "agent.finished -> out.value",
    *(f"agent.tools_^_{tool}_~_text -> {tool}.text" for tool in TOOLS),
    *(f"{tool}.processed_text -> agent.last_tool_output" for tool in TOOLS),
]

Call = tuple[str, str]
Turn = Sequence[Call]


def drawn(chance: random.Random) -> list[list[Turn]]:
    """For each prompt its turns, and in each the calls: tool and text."""

    def turn() -> Turn:
        return [
            (chance.choice(list(TOOLS)), "".join(chance.choices("aBcD", k=3))) for _ in range(chance.randint(1, 3))
        ]

    return [[turn() for _ in range(chance.randint(0, 3))] for _ in range(chance.randint(1, 4))]


def expected(turns: Sequence[Turn]) -> str:
    return " ".join(TOOLS[tool](text) for turn in turns for tool, text in turn)


class Speaking(Scripted):
    """A model that goes by what it finds in the objective: which of the dialogs it is in."""

    def __init__(self, dialogs: Sequence[Sequence[Turn]]) -> None:
        super().__init__()
        most = max(map(len, dialogs))
        self.answers = [self._turn(dialogs, number) for number in range(most + 1)]

    def _turn(self, dialogs: Sequence[Sequence[Turn]], number: int) -> Any:
        def say(said: Sequence[dict[str, Any]]) -> Any:
            objective = next(m["content"] for m in said if str(m["content"]).startswith("Your objective: "))
            turns = dialogs[int(objective.removeprefix("Your objective: "))]
            if number < len(turns):
                return [(tool, {"text": text}) for tool, text in turns[number]]
            return " ".join(results(said))

        return say


@pytest.mark.parametrize("seed", range(int(os.environ.get("DIALOGS", "3"))))
async def test_a_random_dialog_gives_what_its_calls_give_in_order(
    stage: Stage, model: Scripted, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    stage.random.seed(seed)
    dialogs = drawn(chance)
    speaking = Speaking(dialogs)
    monkeypatch.setattr("shared.blocks.completions.complete", speaking.complete)
    tools = [
        {"id": tool, "block_type": "TEXT_PROCESSING", "input_data": {"operation": tool},
         "metadata": {"customized_name": tool}}
        for tool in TOOLS
    ]  # fmt: skip
    agent = {
        "id": "agent",
        "block_type": "ORCHESTRATOR",
        "input_data": {"multiple_tool_calls": True, "sys_prompt": ""},
    }
    each = {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}
    version = await stage.graph([agent_input("in", "prompts"), each, agent, *tools, agent_output("out")], LINKS)
    execution = await stage.start(version, {"prompts": [str(number) for number in range(len(dialogs))]})
    await stage.run(parallel=4, duplicate=0.3)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert seen["output"] == {"out": [expected(turns) for turns in dialogs]}
