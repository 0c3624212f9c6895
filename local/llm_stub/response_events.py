"""Which events tell of a response while it comes?

https://developers.openai.com/api/reference/resources/responses/streaming-events; a piece of text for each word.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Event = dict[str, Any]


def stream(response: Mapping[str, Any]) -> Iterator[str]:
    """The whole stream, numbered, as server-sent events."""
    for number, event in enumerate(_events(response)):
        payload = json.dumps({**event, "sequence_number": number}, ensure_ascii=False)
        yield f"event: {event['type']}\ndata: {payload}\n\n"


def _events(response: Mapping[str, Any]) -> Iterator[Event]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        yield from _item(index, item)
    yield {"type": f"response.{response['status']}", "response": response}


def _item(index: int, item: Mapping[str, Any]) -> Iterator[Event]:
    where = {"output_index": index, "item_id": item["id"]}
    empty = {"message": {"content": []}, "function_call": {"arguments": ""}, "reasoning": {"encrypted_content": ""}}
    added = {**item, **empty[item["type"]], **({} if item["type"] == "reasoning" else {"status": "in_progress"})}
    yield {"type": "response.output_item.added", "output_index": index, "item": added}
    if item["type"] == "message":
        yield from _text({**where, "content_index": 0}, item["content"][0])
    if item["type"] == "function_call":
        yield {"type": "response.function_call_arguments.delta", **where, "delta": item["arguments"]}
        done = {"name": item["name"], "arguments": item["arguments"]}
        yield {"type": "response.function_call_arguments.done", **where, **done}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text(where: Event, part: Mapping[str, Any]) -> Iterator[Event]:
    yield {"type": "response.content_part.added", **where, "part": {**part, "text": ""}}
    for number, word in enumerate(part["text"].split(" ")):
        delta = f" {word}" if number else word
        yield {"type": "response.output_text.delta", **where, "delta": delta, "logprobs": []}
    yield {"type": "response.output_text.done", **where, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **where, "part": part}
