"""Blocks that wait without running: for a time, for a person, for another agent."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from shared.blocks import bounds
from shared.blocks.block import (
    Block,
    BlockInput,
    BlockOutput,
    Context,
    Delay,
    Example,
    Review,
    SubAgent,
    Suspended,
    may_be_set,
)
from shared.domain.errors import BlockError

_MAX_SECONDS = 10 * 365 * 86_400


class DelayBlock(Block):
    """Passes a value on after some time."""

    class Input(BlockInput):
        input: Any = Field(default=None, description="What is passed on.")
        seconds: float = Field(description="How long to wait.", ge=0, le=_MAX_SECONDS)

    class Output(BlockOutput):
        output: Any = Field(default=None, description="What came in.")

    block_type = "DELAY"
    category = "BASIC"
    description = "Waits, then passes its input on. Nothing runs meanwhile."
    suspends = True
    examples: ClassVar[list[Example]] = [
        Example(title="No time to wait", input={"input": "now", "seconds": 0}, output=[("output", "now")])
    ]

    def run(self, input: "DelayBlock.Input", context: Context) -> Iterator[tuple[str, Any]]:
        if input.seconds and context.resumption is None:
            raise Suspended(Delay(seconds=input.seconds))
        yield "output", input.input


class CountdownTimer(Block):
    """Sends a message after some time, once or again and again."""

    class Input(BlockInput):
        input_message: Any = Field(default="timer finished", description="What is sent.")
        seconds: int = Field(default=0, ge=0, description="How long to wait: seconds, and")
        minutes: int = Field(default=0, ge=0, description="minutes, and")
        hours: int = Field(default=0, ge=0, description="hours, and")
        days: int = Field(default=0, ge=0, description="days.")
        repeat: int = Field(default=1, ge=0, le=1_000, description="How many messages; all come at the end.")

    class Output(BlockOutput):
        output_message: Any = Field(default=None, description="The message.")

    block_type = "COUNTDOWN_TIMER"
    category = "BASIC"
    description = "Waits for the given time, as often as it repeats, then sends its message that many times."
    suspends = True
    emits_many = frozenset({"output_message"})
    examples: ClassVar[list[Example]] = [
        Example(title="At once", input={"input_message": "tea"}, output=[("output_message", "tea")])
    ]

    def run(self, input: "CountdownTimer.Input", context: Context) -> Iterator[tuple[str, Any]]:
        once = input.seconds + 60 * (input.minutes + 60 * (input.hours + 24 * input.days))
        total = once * input.repeat
        if total > _MAX_SECONDS:
            raise BlockError("It would wait for more than ten years; give it less.", reason="INVALID_INPUT")
        size = bounds.weight(input.input_message, bounds.MAX_CHARACTERS)
        bounds.check_characters(size * input.repeat, "All messages together")
        if total and context.resumption is None:
            raise Suspended(Delay(seconds=total))
        for _ in range(input.repeat):
            yield "output_message", input.input_message

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        repeats = may_be_set(input_data, "repeat") and input_data["repeat"] not in (1, "1")
        return cls.emits_many if repeats else frozenset()


class HumanInTheLoop(Block):
    """Asks a person to approve, reject or change a value."""

    class Input(BlockInput):
        data: Any = Field(description="What the person decides on.")
        name: str = Field(description="What it is, for the person.")
        editable: bool = Field(default=True, description="Whether the person may change it.")

    class Output(BlockOutput):
        approved_data: Any = Field(default=None, description="The data, as approved.")
        rejected_data: Any = Field(default=None, description="The data, where it was rejected.")
        review_message: str = Field(default="", description="What the person said, if anything.")

    block_type = "HUMAN_IN_THE_LOOP"
    category = "BASIC"
    description = "Waits until a person has approved, rejected or changed its data, through /reviews."
    suspends = True
    examples: ClassVar[list[Example]] = [
        Example(title="A person is asked", input={"data": {"total": 12}, "name": "Invoice"}, output=None)
    ]

    def run(self, input: "HumanInTheLoop.Input", context: Context) -> Iterator[tuple[str, Any]]:
        decision = context.resumption
        if decision is None:
            raise Suspended(Review(name=input.name, data=input.data, editable=input.editable))
        yield ("approved_data" if decision["approved"] else "rejected_data"), decision["data"]
        if decision["message"]:
            yield "review_message", decision["message"]


class AgentExecutor(Block):
    """Runs another graph of the user, as one node."""

    class Input(BlockInput):
        model_config = ConfigDict(extra="allow", protected_namespaces=())

        graph_id: str = Field(description="The graph to run.")
        graph_version: int | None = Field(default=None, description="Which version; without one, the active.")
        inputs: dict[str, Any] = Field(default_factory=dict[str, Any], description="Values of its inputs, by name.")
        user_id: str = Field(default="", description="Of no effect: it runs as the user of this execution.")
        agent_name: str | None = Field(default=None, description="Its name, for people.")
        input_schema: dict[str, Any] = Field(default_factory=dict[str, Any], description="Its inputs.")
        output_schema: dict[str, Any] = Field(default_factory=dict[str, Any], description="Its outputs.")
        nodes_input_masks: dict[str, Any] | None = Field(default=None, description="Of no effect here.")

    class Output(BlockOutput):
        model_config = ConfigDict(extra="allow", protected_namespaces=())

    block_type = "AGENT_EXECUTOR"
    category = "AGENT"
    description = "Runs another graph and waits for it: its inputs are this node's pins, its outputs too."
    suspends = True
    open_pins = True
    cost = "What the other graph costs."
    examples: ClassVar[list[Example]] = [
        Example(title="Another graph with an input", input={"graph_id": "g", "inputs": {"text": "a"}}, output=None)
    ]

    def run(self, input: "AgentExecutor.Input", context: Context) -> Iterator[tuple[str, Any]]:
        ended = context.resumption
        if ended is None:
            inputs = {**input.inputs, **(input.model_extra or {})}
            raise Suspended(SubAgent(graph_id=input.graph_id, graph_version=input.graph_version, inputs=inputs))
        if ended["status"] != "COMPLETED":
            why = ended["error"] or "It has no error."
            raise BlockError(f"The agent {input.graph_id} ended {ended['status']}: {why}", reason="SUB_AGENT_FAILED")
        for pin, values in ended["output"].items():
            for value in values:
                yield pin, value
