"""How does a conversation look as items of OpenAI's Responses API, and what does a list of items say?

Messages, tools and calls are in the form of Chat Completions, as everywhere here. Items go without ids of their own,
which would refer to what OpenAI has not stored: a call is known by its ``call_id``, a thought by what is encrypted in
it (https://developers.openai.com/api/docs/guides/migrate-to-responses, https://github.com/vercel/ai/issues/7543).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.blocks import thoughts
from shared.blocks.thoughts import Message

MAX_CALL_ID = 64
"""Characters that an id may have there; calls of other services may have longer ones."""

_FINAL = "final_answer"

Item = dict[str, Any]


@dataclass(kw_only=True)
class Turn:
    """What the model said. ``items``: what it wants to see again, in order: what it thought, what it wrote, and which
    calls it made, by their ids. ``understood``: whether any item was; ``strange``: types of the others."""

    texts: list[tuple[str | None, str]] = field(default_factory=list[tuple[str | None, str]])
    refusal: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    items: list[Item] = field(default_factory=list[Item])
    understood: bool = False
    strange: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return _visible(self.texts)

    def kept(self, model: str) -> dict[str, Any] | None:
        """What of it no message says; None: nothing."""
        more = any(item["type"] == "reasoning" or "phase" in item for item in self.items)
        return {"model": model, "items": [_short(item, self.text) for item in self.items]} if more else None


def _short(item: Item, text: str) -> Item:
    """Without a text that the message holds as well; its length says whether that is still the same."""
    if item.get("content") != text:
        return item
    return {name: value for name, value in item.items() if name != "content"} | {"length": len(text)}


def _whole(item: Mapping[str, Any], content: Any) -> str:
    """The text of such an item again; empty: it is no longer what it was."""
    own = item.get("content", content)
    return own if isinstance(own, str) and item.get("length", len(own)) == len(own) else ""


def _visible(texts: Sequence[tuple[str | None, str]]) -> str:
    """The final answer, where the model tells it from what it says meanwhile (``phase``); else all of it."""
    final = [text for phase, text in texts if phase == _FINAL]
    return "".join(final or [text for _, text in texts])


def turn(output: Any) -> Turn:
    """What the items of an answer say, whatever they are. ValueError: a call that cannot be known again."""
    said = Turn()
    for item in cast(list[Any], output) if isinstance(output, list) else []:
        match item:
            case {"type": "message"}:
                _hear(said, cast(Item, item))
            case {"type": "function_call", "call_id": str(id_), "name": str(name)} if id_ and name:
                said.calls.append(_call(id_, name, cast(Item, item).get("arguments")))
                said.items.append({"type": "function_call", "call_id": id_})
            case {"type": "function_call"}:
                raise ValueError("a call without an id or a name")
            case {"type": "reasoning"}:
                said.items += _thought(cast(Item, item))
            case {"type": str(kind)}:
                said.strange.append(kind)
                continue
            case _:
                said.strange.append(type(item).__name__)
                continue
        said.understood = True
    return said


def _hear(said: Turn, item: Item) -> None:
    content = item.get("content")
    parts = cast(list[Any], content) if isinstance(content, list) else []
    text = "".join(_text_of(part, "output_text", "text") for part in parts)
    said.refusal += "".join(_text_of(part, "refusal", "refusal") for part in parts)
    phase = _phase(item)
    said.texts.append((phase, text))
    if text:
        message = {"type": "message", "role": "assistant", "content": text}
        said.items.append(message | ({"phase": phase} if phase else {}))


def _phase(item: Mapping[str, Any]) -> str | None:
    phase = item.get("phase")
    return phase if isinstance(phase, str) else None


def _text_of(part: Any, kind: str, name: str) -> str:
    text = cast(Item, part).get(name) if isinstance(part, Mapping) and part.get("type") == kind else None
    return text if isinstance(text, str) else ""


def _call(id_: str, name: str, arguments: Any) -> dict[str, Any]:
    text = _as_text({} if arguments is None else arguments)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": text}}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _thought(item: Mapping[str, Any]) -> list[Item]:
    """What can come back of a thought: without what is encrypted its id would be looked up, and not be found."""
    match item:
        case {"id": str(id_), "encrypted_content": str(content)} if content:
            summary: Any = item.get("summary")
            shown = cast(list[Any], summary) if isinstance(summary, list) else []
            return [{"type": "reasoning", "id": id_, "summary": shown, "encrypted_content": content}]
        case _:
            return []


def from_messages(messages: Sequence[Message], model: str, *, thinking: bool = True) -> list[Item]:
    """``thinking``: with what the model thought in its turns, where it was this one."""
    return [item for message in messages for item in _items(message, model if thinking else "")]


def _items(message: Message, model: str) -> list[Item]:
    role, content = message.get("role") or "user", message.get("content")
    if role == "tool":
        output = _parts(content) if isinstance(content, list) else _as_text(content)
        id_ = _call_id(message.get("tool_call_id"))
        return [{"type": "function_call_output", "call_id": id_, "output": output}]
    if role == "assistant":
        return _thinking_turn(message, model) or _plain_turn(message)
    return [{"role": role, "content": _parts(content)}]


def _plain_turn(message: Message) -> list[Item]:
    content = message.get("content")
    parts = cast(list[Any], content) if isinstance(content, list) else [content]
    text = "".join(_said(part) for part in parts)
    said = [{"role": "assistant", "content": text}] if text else []
    return [*said, *(_call_item(call) for call in _calls(message))]


def _said(part: Any) -> str:
    if isinstance(part, Mapping):
        some = cast(Item, part)
        part = some.get("text") or some.get("refusal") or ""
    return "" if part is None else str(part)


def _thinking_turn(message: Message, model: str) -> list[Item]:
    """The turn as the model made it. Empty: it thought nothing, was another, or what it said has been changed since
    (shortened, or edited by whoever stored it): thoughts fit only to what followed them."""
    content = message.get("content") or ""
    calls = {str(call.get("id")): call for call in _calls(message)}
    items: list[Item] = []
    waiting: list[Item] = []
    texts: list[tuple[str | None, str]] = []
    for item in _kept(message, model):
        match item:
            case {"type": "reasoning"}:
                waiting += _thought(item)
                continue
            case {"type": "message"}:
                phase, text = _phase(item), _whole(item, content)
                texts.append((phase, text))
                found = {"role": "assistant", "content": text} | ({"phase": phase} if phase else {})
            case {"type": "function_call", "call_id": str(id_)} if id_ in calls:
                found = _call_item(calls.pop(id_))
            case _:  # a call that was not made: what was thought before it goes with it
                waiting.clear()
                continue
        items += [*waiting, found]
        waiting.clear()
    same = not calls and _visible(texts) == content
    return items if same else []


def _kept(message: Message, model: str) -> Iterator[Mapping[str, Any]]:
    """It may come from whoever stored the conversation, and be anything."""
    match message.get(thoughts.KEY):
        case {"model": of, "items": [*items]} if model and of == model:
            yield from (cast(Mapping[str, Any], item) for item in items if isinstance(item, Mapping))
        case _:
            return


def _calls(message: Message) -> list[Mapping[str, Any]]:
    calls = message.get("tool_calls")
    some = cast(list[Any], calls) if isinstance(calls, list | tuple) else []
    return [cast(Mapping[str, Any], call) for call in some if isinstance(call, Mapping)]


def _call_item(call: Mapping[str, Any]) -> Item:
    given: Any = call.get("function")
    function = cast(Mapping[str, Any], given) if isinstance(given, Mapping) else {}
    arguments = _as_text(function.get("arguments") or {})
    id_ = _call_id(call.get("id"))
    return {"type": "function_call", "call_id": id_, "name": function.get("name") or "", "arguments": arguments}


def _call_id(id_: Any) -> str:
    text = str(id_ or "")
    return text if len(text) <= MAX_CALL_ID else hashlib.sha256(text.encode()).hexdigest()


def _parts(content: Any) -> Any:
    """A content of texts, images and files, each part in the form that it has there; what else it is stays."""
    if not isinstance(content, list):
        return "" if content is None else content
    return [_part(part) for part in cast(list[Any], content)]


def _part(part: Any) -> Any:
    match part:
        case str():
            return {"type": "input_text", "text": part}
        case {"type": "text", "text": text}:
            return {"type": "input_text", "text": text}
        case {"type": "image_url", "image_url": {"url": url, **options}}:
            detail: Any = cast(Item, options).get("detail") or "auto"
            return {"type": "input_image", "image_url": url, "detail": detail}
        case {"type": "image_url", "image_url": url}:
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        case {"type": "file", "file": {**file}}:
            return {"type": "input_file", **cast(Item, file)}
        case _:
            return part


def from_tool(tool: Mapping[str, Any]) -> Item:
    """A function, which need not be called exactly as it is described: the Responses API would make every argument
    mandatory otherwise (https://developers.openai.com/api/docs/guides/function-calling#strict-mode)."""
    function = tool["function"]
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    described = {"name": function["name"], "description": function.get("description") or "", "parameters": parameters}
    return {"type": "function", "strict": False, **described}
