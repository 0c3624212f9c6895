"""How does a model get something done with tools? Ask it, call what it chooses, tell it what came, ask again.

The loop holds no function while a tool waits: it suspends with all that was said (``Conversation.state``), and so it
does after each turn, so that a turn is recorded before the next begins.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.blocks import thoughts
from shared.blocks.completions import Completion, Message
from shared.blocks.suspensions import MAX_SUB_AGENTS, Delay, Review, SubAgent, SubAgents, Suspended, Suspension
from shared.blocks.tools import Called, Tool, Toolbox

MAX_RESULT = 50_000
"""Characters of what a tool gave that the model is shown."""

MAX_CALLS = 20
"""Calls in one answer of the model: those beyond are told to come later."""

LAST_TURN = "No tools can be called any more. Give the result with what you know now."

Ask = Callable[[Sequence[Message], Sequence[Tool]], Awaitable[Completion]]


@dataclass(kw_only=True)
class Conversation:
    """``messages``: all that was said. ``turn``: how often the model was asked. ``calls``: those of its last answer,
    of which not all have a result: ``{id, name, arguments, result?, suspension?}``. ``made``: all that ended."""

    messages: list[dict[str, Any]]
    turn: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    made: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tokens: dict[str, int] = field(default_factory=dict[str, int])

    def state(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "turn": self.turn,
            "calls": self.calls,
            "made": self.made,
            "tokens": self.tokens,
        }

    def heard(self, completion: Completion) -> None:
        self.messages = thoughts.bounded([*self.messages, completion.message])
        self.turn += 1
        for name, count in completion.token_usage.items():
            self.tokens[name] = self.tokens.get(name, 0) + count


async def run(
    talk: Conversation, box: Toolbox, ask: Ask, *, most: int, resumption: Mapping[str, Any] | None
) -> Completion:
    """The model's last answer, which calls no tool. ``most``: turns in which it may. Raises Suspended with the state
    of ``talk``, which is to be handed in again with the ``resumption``."""
    tools = await box.offered()
    if talk.calls:
        _resume(talk.calls, resumption)
        await _call(talk, {tool.name: tool for tool in tools}, box)
        raise Suspended(Delay(seconds=0, state=talk.state()))
    last = talk.turn >= most
    said = [*talk.messages, {"role": "system", "content": LAST_TURN}] if last else talk.messages
    completion = await ask(said, [] if last else tools)
    talk.heard(completion)
    if last or not completion.tool_calls:
        return completion
    talk.calls = [
        {"id": call["id"], "name": call["function"]["name"], "arguments": call["function"]["arguments"]}
        for call in completion.tool_calls
    ]
    await _call(talk, {tool.name: tool for tool in tools}, box)
    raise Suspended(Delay(seconds=0, state=talk.state()))


def arguments_of(call: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
    """The arguments of a call. ValueError says to the model what is wrong with them."""
    try:
        given = json.loads(call["arguments"] or "{}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The arguments are not JSON: {error}.") from error
    if not isinstance(given, dict):
        raise ValueError("The arguments must be a JSON object.")
    arguments = cast(dict[str, Any], given)
    unknown = sorted(arguments.keys() - tool.inputs.keys())
    missing = [name for name in tool.parameters.get("required", ()) if name not in arguments]
    if unknown or missing:
        what = [f"there is no argument {name!r}" for name in unknown] + [f"{name!r} is missing" for name in missing]
        raise ValueError(f"The arguments of {tool.name} are wrong: {'; '.join(what)}.")
    return arguments


def shown(called: Called) -> str:
    """What the model is told of a call."""
    if called.failure is not None:
        return json.dumps({"error": called.failure.message[:MAX_RESULT]}, ensure_ascii=False)
    output: Any = {pin: values[0] if len(values) == 1 else values for pin, values in called.output.items()}
    if len(output) == 1:
        (output,) = output.values()
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]} [… {len(text) - MAX_RESULT:,} characters more]"


def _resume(calls: list[dict[str, Any]], resumption: Mapping[str, Any] | None) -> None:
    """Hand what came to the calls that waited for it."""
    came = dict(resumption or {})
    agents = list(came.get("agents", ()))
    for call in calls:
        waits = call.get("suspension") or {}
        if not waits.get("awaited"):
            continue
        if waits["kind"] == "agents":
            its = [agents.pop(0) for _ in waits["agents"]]
            resumed = {"agents": its} if waits["several"] else its[0]
        else:
            resumed = {name: came.get(name) for name in ("approved", "data", "message")}
        call["resumption"] = {**resumed, "state": waits["state"]}
        del call["suspension"]


async def _call(talk: Conversation, tools: Mapping[str, Tool], box: Toolbox) -> None:
    """Make the calls that can be made, all at a time. Raises Suspended where some of them wait."""
    ready = [call for call in talk.calls if "result" not in call and "suspension" not in call]
    await asyncio.gather(*(_one(call, tools, box, talk.turn, number) for number, call in enumerate(ready)))
    waiting = [call["suspension"] for call in talk.calls if "suspension" in call]
    if waiting:
        raise Suspended(_wait(waiting, talk))
    for call in talk.calls:
        talk.messages.append({"role": "tool", "tool_call_id": call["id"], "content": call["result"]})
        talk.made.append({name: call[name] for name in ("id", "name", "arguments", "result", "failed")})
    talk.calls = []


async def _one(call: dict[str, Any], tools: Mapping[str, Tool], box: Toolbox, turn: int, number: int) -> None:
    resumption = call.pop("resumption", None)
    try:
        if number >= MAX_CALLS:
            raise ValueError(f"At most {MAX_CALLS} tools can be called at a time; call this one again.")
        if call["name"] not in tools:
            raise ValueError(f"There is no tool {call['name']!r}; there are: {', '.join(tools) or 'none'}.")
        tool = tools[call["name"]]
        arguments = arguments_of(call, tool)
    except ValueError as error:
        call |= {"result": json.dumps({"error": str(error)}, ensure_ascii=False), "failed": True}
        return
    called = await box.call(tool, arguments, key=f"{turn}:{call['id']}", resumption=resumption)
    if called.suspension is not None:
        call["suspension"] = _kept(called.suspension)
    else:
        call |= {"result": shown(called), "failed": called.failure is not None}


def _kept(suspension: Suspension) -> dict[str, Any]:
    """A suspension of a tool as JSON."""
    match suspension:
        case Delay(seconds=seconds, state=state):
            return {"kind": "delay", "seconds": seconds, "state": state}
        case Review(name=name, data=data, editable=editable, state=state):
            return {"kind": "review", "name": name, "data": data, "editable": editable, "state": state}
        case SubAgent(state=state):
            return {"kind": "agents", "several": False, "agents": [_agent(suspension)], "state": state}
        case SubAgents(agents=agents, state=state):
            return {"kind": "agents", "several": True, "agents": [_agent(one) for one in agents], "state": state}


def _agent(agent: SubAgent) -> dict[str, Any]:
    return {"graph_id": agent.graph_id, "graph_version": agent.graph_version, "inputs": dict(agent.inputs)}


def _wait(waiting: list[dict[str, Any]], talk: Conversation) -> Suspension:
    """What is awaited first: all sub-agents together, else all delays, else one person. The rest stays as it is."""
    by_kind = {kind: [one for one in waiting if one["kind"] == kind] for kind in ("agents", "delay", "review")}
    kind = next(kind for kind, some in by_kind.items() if some)
    awaited = by_kind[kind][:1] if kind == "review" else by_kind[kind]
    awaited = _some(awaited) if kind == "agents" else awaited
    for one in awaited:
        one["awaited"] = True
    if kind == "agents":
        agents = [SubAgent(**agent) for one in awaited for agent in one["agents"]]
        return SubAgents(agents=agents, state=talk.state())
    if kind == "delay":
        return Delay(seconds=max(one["seconds"] for one in awaited), state=talk.state())
    (asked,) = awaited
    return Review(name=asked["name"], data=asked["data"], editable=asked["editable"], state=talk.state())


def _some(waiting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as may run at a time; the others come next."""
    count, some = 0, list[dict[str, Any]]()
    for one in waiting:
        count += len(one["agents"])
        if count > MAX_SUB_AGENTS and some:
            break
        some.append(one)
    return some
