"""How does a model run other nodes and agents as its tools?

Two ways. With ``agent_mode_max_iterations`` 0 it takes one step: what it calls leaves on the tool pins, and what they
give comes back through the graph into ``last_tool_output`` and ``conversation_history``. Else it calls its tools
itself, turn by turn (``agent_loop``), and nothing leaves before its result.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import agent_loop, completions, llm, thoughts
from shared.blocks.agent_loop import Conversation
from shared.blocks.block import BlockOutput, Context, Example, may_be_set
from shared.blocks.completions import Completion, Message
from shared.blocks.tools import Tool
from shared.domain import errors

MAX_TURNS = 100
"""For an agent without a limit of its own (a negative one), too."""

OBJECTIVE = "Your objective: "
SYSTEM = (
    "Thinking carefully step by step decide which function to call. Always choose a function call from the list of "
    "function signatures, and always provide the complete argument provided with the type matching the required "
    "jsonschema signature, no missing argument is allowed. If you have already completed the task objective, you can "
    "end the task by providing the end result of your work as a finish message. Function parameters that has no "
    "default value and not optional typed has to be provided. "
)


class ExecutionMode(Enum):
    BUILT_IN = "built_in"
    EXTENDED_THINKING = "extended_thinking"


class OrchestratorBlock(llm.ModelBlock):
    block_type = "ORCHESTRATOR"
    description = "Has a language model reach an objective with other nodes and agents as its tools."
    suspends = True
    calls_tools = True
    emits_many = frozenset({"tools"})
    feedback = ("conversation_history", "last_tool_output")
    cost = f"{llm.COST} Every turn counts, and what its tools cost."
    examples = [
        Example(title="An agent with tools", input={"prompt": "Book a table.", "agent_mode_max_iterations": 10}),
        Example(title="Nothing to do", input={"prompt": " "}, fails="prompt"),
    ]

    class Input(llm.ModelInput):
        prompt: str = Field(description="The objective; with prompt_values, a Jinja2 template.")
        multiple_tool_calls: bool = Field(default=False, description="Whether it may call several tools in one turn.")
        sys_prompt: str = Field(default=SYSTEM, description="How to go about it; a template too.")
        conversation_history: list[dict[str, Any]] | None = Field(
            default_factory=list[dict[str, Any]], description="What was said so far: link conversations here."
        )
        last_tool_output: Any = Field(default=None, description="What the tool gave: link the tools' outputs here.")
        retry: int = Field(default=3, description="How often it is asked in one step for calls that can be made.")
        prompt_values: dict[str, str] = Field(default_factory=dict[str, str], description="Values of the template.")
        agent_mode_max_iterations: int = Field(
            default=0,
            description="0: one step, through the graph. Else turns with tools; negative: as many as allowed.",
        )
        execution_mode: ExecutionMode = Field(
            default=ExecutionMode.BUILT_IN, description="Left by imported agents: extended_thinking is as built_in."
        )
        conversation_compaction: bool = Field(
            default=True, description="Whether long messages are shortened to what the model takes."
        )

    class Output(BlockOutput):
        tools: Any = Field(description="Each call: its node, name and arguments. Its tool pins carry the arguments.")
        finished: str = Field(description="The result, once it is reached.")
        conversations: list[Any] = Field(description="What was said so far.")

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        return cls.emits_many if may_be_set(input_data, "multiple_tool_calls") else frozenset()

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.prompt.strip() and not input.conversation_history:
            raise errors.BlockError("The prompt is empty: say what is to be reached")
        if input.agent_mode_max_iterations:
            talk = await self._agent(input, context)
            yield "finished", talk.messages[-1]["content"] or ""
            yield "conversations", talk.messages
            return
        async for token in self._step(input, context):
            yield token

    async def _agent(self, input: Input, context: Context) -> Conversation:
        """All turns, up to the result."""
        resumption = context.resumption
        talk = Conversation(**resumption["state"]) if resumption else Conversation(messages=await _opening(input))
        wished = input.agent_mode_max_iterations
        most = min(wished, MAX_TURNS) if wished > 0 else MAX_TURNS
        ask = self._asker(input, context)
        await agent_loop.run(talk, context.tools, ask, most=most, resumption=resumption)
        return talk

    async def _step(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        """One answer of the model, once every call of the last has its result."""
        messages = await _opening(input)
        waiting = pending(messages)
        if input.last_tool_output is not None:
            if not waiting:
                return  # more came than was called for
            messages.append(_result(waiting.pop(0), input.last_tool_output))
        elif waiting:
            raise errors.BlockError("The last call has no result: link the outputs of the tools to last_tool_output")
        if waiting:
            yield "conversations", messages
            return
        tools = await context.tools.offered()
        ask = self._asker(input, context)
        completion, calls = await _callable(ask, messages, tools, tries=input.retry)
        messages = thoughts.bounded([*messages, completion.message])
        for call in calls:
            yield "tools", call
        if not calls:
            yield "finished", completion.text
        yield "conversations", messages

    def _asker(self, input: Input, context: Context) -> agent_loop.Ask:
        model = input.asked()

        async def ask(messages: Sequence[Message], tools: Sequence[Tool]) -> Completion:
            said = llm.fitted(messages, model) if input.conversation_compaction else messages
            functions = [tool.function for tool in tools]
            several = input.multiple_tool_calls
            completion = await completions.complete(
                said, model, context, tools=functions, parallel=several, pin="finished"
            )
            return completion if several else completion.first_call_alone()

        return ask


async def _opening(input: OrchestratorBlock.Input) -> list[dict[str, Any]]:
    """What was said so far; at first the system prompt and the objective."""
    history = [dict(message) for message in input.conversation_history or ()]
    if any(str(m.get("content") or "").startswith(OBJECTIVE) for m in history) or pending(history):
        return history
    asked = await llm.prompted(
        input.sys_prompt, f"{OBJECTIVE}{input.prompt}" if input.prompt else "", input.prompt_values
    )
    return [*history, *asked]


def pending(messages: Sequence[Message]) -> list[str]:
    """Ids of the calls that have no result, in order."""
    answered = {message.get("tool_call_id") for message in messages if message.get("role") == "tool"}
    called = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    return [id_ for id_ in called if id_ not in answered]


def _result(id_: str, output: Any) -> dict[str, Any]:
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return {"role": "tool", "tool_call_id": id_, "content": text}


async def _callable(
    ask: agent_loop.Ask, messages: Sequence[Message], tools: Sequence[Tool], *, tries: int
) -> tuple[Completion, list[dict[str, Any]]]:
    """An answer, and its calls as they leave on the pin ``tools``; of one that cannot be made the model is told, and
    asked again. BlockError ``LLM_ANSWER_UNUSABLE``: it never could."""
    by_name = {tool.name: tool for tool in tools}
    said = list(messages)
    for attempt in range(1, max(tries, 1) + 1):
        completion = await ask(said, tools)
        try:
            return completion, [_leaving(call, by_name) for call in completion.tool_calls]
        except ValueError as error:
            if attempt >= tries:
                raise errors.BlockError(
                    f"{completion.model} made no call that can be made in {attempt} tries: {error}",
                    reason="LLM_ANSWER_UNUSABLE",
                ) from error
            problem = json.dumps({"error": str(error)}, ensure_ascii=False)
            said = [*said, completion.message, *(_result(call["id"], problem) for call in completion.tool_calls)]
    raise AssertionError("unreachable")


def _leaving(call: Mapping[str, Any], tools: Mapping[str, Tool]) -> dict[str, Any]:
    """ValueError: there is no such tool, or its arguments are wrong."""
    function = call["function"]
    if function["name"] not in tools:
        raise ValueError(f"There is no tool {function['name']!r}; there are: {', '.join(tools) or 'none'}.")
    tool = tools[function["name"]]
    arguments = agent_loop.arguments_of(function, tool)
    return {
        "id": call["id"],
        "name": tool.name,
        "node_id": tool.node_id,
        "arguments": arguments,
        "pins": dict(tool.pins),
    }
