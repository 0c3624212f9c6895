"""How does a model do a task with the platform itself: its blocks, and the agents of the user?

What AutoGPT Platform does with a copilot of its own, as an agent with tools here: it finds and runs blocks and agents
turn by turn (``agent_loop``), and remembers its session across runs.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from shared.blocks import agent_loop, completions, llm
from shared.blocks.agent_loop import Conversation
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.completions import Completion, Message, Model
from shared.blocks.memory import Scope
from shared.blocks.tools import Called, Tool, Toolbox
from shared.domain import errors

MAX_TURNS = 30
KEPT_CHARACTERS = 100_000
"""Of a session's messages, the last; what was said before is forgotten."""

TOOLS = ("find_blocks", "run_block", "find_agents", "run_agent")
THEIRS: Mapping[str, str] = {
    "find_block": "find_blocks",
    "find_agent": "find_agents",
    "find_library_agent": "find_agents",
}
"""Names of tools there -> here. What other names there mean is not here, and so allowed to nobody."""

SYSTEM = (
    "You do a task with the tools of a platform on which agents are made of blocks. Find a block or an agent before "
    "you run it, give it exactly the inputs that its schema asks for, and say at the end what came of the task."
)


class ToolCallEntry(BaseModel):
    """A call that was made."""

    tool_call_id: str
    tool_name: str
    input: Any
    output: Any
    success: bool


class AutoPilotBlock(Block):
    block_type = "AUTO_PILOT"
    category = "AI"
    description = "Has a language model do a task with the platform's blocks and the user's agents as its tools."
    suspends = True
    platform_tools: ClassVar[bool] = True
    max_attempts = 3
    cost = f"{llm.COST} Every turn counts, and what its tools cost."
    examples = [
        Example(title="A task", input={"prompt": "How many days are there until the first of May?"}),
        Example(title="Nothing to do", input={"prompt": " "}, fails="empty"),
        Example(
            title="A tool that is not here",
            input={"prompt": "Look around.", "tools": ["bash_exec"], "tools_exclude": False},
            fails="find_blocks, run_block",
        ),
    ]

    class Input(BlockInput):
        prompt: str = Field(description="The task.")
        system_context: str = Field(default="", description="What to know and to keep to.")
        session_id: str = Field(default="", description="A session to go on with; empty: a new one.")
        max_recursion_depth: int = Field(
            default=3,
            ge=1,
            le=10,
            description="How many of its kind may run within each other, through agents that they run.",
        )
        tools: list[str] = Field(
            default_factory=list[str], description="Tools: find_blocks, run_block, find_agents, run_agent."
        )
        tools_exclude: bool = Field(default=True, description="Whether those are forbidden, or alone allowed.")
        blocks: list[str] = Field(default_factory=list[str], description="Types or names of blocks.")
        blocks_exclude: bool = Field(default=True, description="Whether those are forbidden, or alone allowed.")
        dry_run: bool = Field(default=False, description="Whether blocks and agents are only named, and not run.")

    class Output(BlockOutput):
        response: str = Field(description="What it says at the end.")
        tool_calls: list[ToolCallEntry] = Field(description="The calls that it made.")
        conversation_history: str = Field(description="What was said this time, as JSON.")
        session_id: str = Field(description="The session, to go on with it.")
        token_usage: llm.TokenUsage = Field(description="The tokens it took.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.prompt.strip():
            raise errors.BlockError("The prompt is empty: say what is to be done")
        if await context.nested() >= input.max_recursion_depth:
            raise errors.BlockError(
                f"Blocks of this kind run each other {input.max_recursion_depth} deep already (max_recursion_depth): "
                "do without this one, or raise it",
                reason="LIMIT_EXCEEDED",
            )
        box = Allowed(context.tools, input)
        session = input.session_id or context.idempotency_key or "session"
        if context.resumption is None:
            talk = Conversation(messages=await self._opening(input, session, context))
        else:
            talk = Conversation(**context.resumption["state"])
        completion = await agent_loop.run(
            talk, box, self._asker(context), most=MAX_TURNS, resumption=context.resumption
        )
        await context.memory.keep(Scope.WITHIN_AGENT, _key(session), _last(talk.messages))
        yield "response", completion.text
        yield "tool_calls", [_entry(call) for call in talk.made]
        said = [{"role": "user", "content": input.prompt}, {"role": "assistant", "content": completion.text}]
        yield "conversation_history", json.dumps(said, ensure_ascii=False)
        yield "session_id", session
        yield "token_usage", talk.tokens

    async def _opening(self, input: Input, session: str, context: Context) -> list[dict[str, Any]]:
        """What the session remembers, under the system prompt of now, and the task."""
        kept = await context.memory.find(Scope.WITHIN_AGENT, _key(session)) if input.session_id else None
        system = f"{SYSTEM}\n\n{input.system_context}".strip()
        before = kept.value if kept else []
        return [{"role": "system", "content": system}, *before, {"role": "user", "content": input.prompt}]

    def _asker(self, context: Context) -> agent_loop.Ask:
        model = Model(name=context.settings.get("AUTOPILOT_MODEL") or llm.DEFAULT_MODEL)

        async def ask(messages: Sequence[Message], tools: Sequence[Tool]) -> Completion:
            said = llm.fitted(messages, model)
            functions = [tool.function for tool in tools]
            return await completions.complete(said, model, context, tools=functions, pin="response")

        return ask


class Allowed:
    """The platform's tools, as far as the inputs allow. BlockError: they allow a tool alone that is not here."""

    def __init__(self, box: Toolbox, input: AutoPilotBlock.Input) -> None:
        self._box = box
        self._input = input
        named = {THEIRS.get(name, name) for name in input.tools}
        if not input.tools_exclude and input.tools and not named & set(TOOLS):
            raise errors.BlockError(
                f"None of the tools {', '.join(sorted(named))} is here; there are: {', '.join(TOOLS)}",
                reason="INVALID_INPUT",
            )
        self._tools = _chosen(TOOLS, named, input.tools_exclude)
        self._blocks = {_plain(name) for name in input.blocks}

    async def offered(self) -> list[Tool]:
        return [tool for tool in await self._box.offered() if tool.name in self._tools]

    async def call(
        self, tool: Tool, arguments: Mapping[str, Any], *, key: str, resumption: Mapping[str, Any] | None = None
    ) -> Called:
        if tool.name == "run_block" and not self._may_run(str(arguments.get("block_type", ""))):
            return Called(
                output={}, failure=errors.BlockError(f"The block {arguments['block_type']} is not allowed.")
            )
        if self._input.dry_run and tool.name in ("run_block", "run_agent"):
            return Called(output={"dry_run": [f"It would have run with {json.dumps(arguments, default=str)}."]})
        return await self._box.call(tool, arguments, key=key, resumption=resumption)

    def _may_run(self, block_type: str) -> bool:
        return not self._blocks or (_plain(block_type) in self._blocks) != self._input.blocks_exclude


def _chosen(all_: Sequence[str], named: set[str], exclude: bool) -> set[str]:
    return set(all_) if not named else {name for name in all_ if (name in named) != exclude}


def _plain(name: str) -> str:
    """A block by type (``SEND_WEB_REQUEST``) or by name (``Send Web Request Block``)."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("block")


def _key(session: str) -> str:
    return f"autopilot/{session}"[:500]


def _last(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What people and the model said, from the last backwards; calls of tools are forgotten with their results."""
    kept: list[dict[str, Any]] = []
    left = KEPT_CHARACTERS
    for message in reversed(messages):
        text = message.get("content")
        if message["role"] in ("user", "assistant") and isinstance(text, str) and text:
            left -= len(text)
            if left < 0:
                break
            kept.append({"role": message["role"], "content": text})
    return kept[::-1]


def _entry(call: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tool_call_id": call["id"],
        "tool_name": call["name"],
        "input": call["arguments"],
        "output": call["result"],
        "success": not call["failed"],
    }
