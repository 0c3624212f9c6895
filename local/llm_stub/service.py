"""Where does the stub listen, and in which form does it answer? (OpenAI's HTTP API)

https://platform.openai.com/docs/api-reference: chat completions and responses (plain and streamed), embeddings,
images, models.
"""

import array
import base64
import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local import faults
from local.faults import over_http
from local.llm_stub import chat, embeddings, images, response_events, responses
from local.llm_stub.chat import Reply
from local.serving import HttpServer

MODELS = ("stub-chat", "stub-embedding", "stub-image")


class _BadRequest(Exception):
    pass


class LlmStubService:
    """Serves any model name; the answer repeats it."""

    def __init__(self, clock: Callable[[], float] = time.time, disturbance: faults.Disturbance = faults.CALM) -> None:
        self._clock = clock
        routes = [
            Route("/v1/chat/completions", self._answer(self._chat), methods=["POST"]),
            Route("/v1/responses", self._answer(self._responses), methods=["POST"]),
            Route("/v1/embeddings", self._answer(self._embeddings), methods=["POST"]),
            Route("/v1/images/generations", self._answer(self._images), methods=["POST"]),
            Route("/v1/models", self._models),
            Route("/v1/models/{model:path}", self._model),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        self._server = HttpServer(over_http.around(Starlette(routes=routes, middleware=[cors]), disturbance))

    async def start(self, port: int) -> int:
        """Listen and return the port. OSError: it is taken."""
        return await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    def _answer(self, call: Callable[[dict[str, Any]], Response]) -> Callable[..., Any]:
        async def answer(request: Request) -> Response:
            try:
                body = json.loads(await request.body())
                if not isinstance(body, dict) or not body.get("model"):
                    raise _BadRequest("you must provide a model parameter")
                return call(body)
            except responses.Refused as refused:
                return _refusal(str(refused), refused.status, refused.code)
            except (ValueError, _BadRequest) as error:
                return _refusal(str(error))
            except (KeyError, TypeError, AttributeError) as error:
                return _refusal(f"the request has another shape than it should: {error!r}")

        return answer

    def _chat(self, body: dict[str, Any]) -> Response:
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
            raise _BadRequest("'messages' must be a list of at least one message")
        reply = chat.reply_to(body)
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        head: dict[str, Any] = {
            "id": f"chatcmpl-stub-{digest[:24]}",
            "created": int(self._clock()),
            "model": body["model"],
            "system_fingerprint": "stub",
        }
        if body.get("stream"):
            wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return StreamingResponse(_stream(head, reply, wants_usage), media_type="text/event-stream")
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
        if reply.tool_calls:
            message["tool_calls"] = list(reply.tool_calls)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
        completion = {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(reply)}
        return JSONResponse(completion)

    def _responses(self, body: dict[str, Any]) -> Response:
        answer = responses.answer(body, int(self._clock()))
        if body.get("stream"):
            return StreamingResponse(response_events.stream(answer), media_type="text/event-stream")
        return JSONResponse(answer)

    def _embeddings(self, body: dict[str, Any]) -> Response:
        texts = _inputs(body.get("input"))
        dimensions = int(body.get("dimensions") or embeddings.DEFAULT_DIMENSIONS)
        if not 1 <= dimensions <= embeddings.MAX_DIMENSIONS:
            raise _BadRequest(f"'dimensions' must be 1 to {embeddings.MAX_DIMENSIONS}")
        as_base64 = body.get("encoding_format") == "base64"
        data: list[dict[str, Any]] = []
        for index, text in enumerate(texts):
            vector = embeddings.embed(text, dimensions)
            shown = _base64(vector) if as_base64 else vector
            data.append({"object": "embedding", "index": index, "embedding": shown})
        tokens = sum(chat.count_tokens(text) for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data, "model": body["model"], "usage": usage})

    def _images(self, body: dict[str, Any]) -> Response:
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not prompt:
            raise _BadRequest("'prompt' must be a text")
        image = base64.b64encode(images.draw(prompt)).decode()
        given, made = chat.count_tokens(prompt), images.SIDE
        usage: dict[str, Any] = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
        usage["input_tokens_details"] = {"text_tokens": given, "image_tokens": 0}
        head = {"created": int(self._clock()), "output_format": "png"}
        return JSONResponse({**head, "data": [{"b64_json": image}], "usage": usage})

    async def _models(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model_card(name) for name in MODELS]})

    async def _model(self, request: Request) -> Response:
        return JSONResponse(_model_card(request.path_params["model"]))


def _refusal(message: str, status: int = 400, code: str | None = None) -> Response:
    fault = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": fault}, status_code=status)


def _model_card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "stub"}


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
    }


async def _stream(head: Mapping[str, Any], reply: Reply, wants_usage: bool) -> AsyncIterator[str]:
    """One event for the role, one for each word (or the tool calls), one for the end."""

    def event(delta: Mapping[str, Any], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield event({"role": "assistant", "content": "" if reply.text is not None else None})
    for index, call in enumerate(reply.tool_calls):
        yield event({"tool_calls": [{"index": index, **call}]})
    for number, word in enumerate((reply.text or "").split(" ") if reply.text else ()):
        yield event({"content": f" {word}" if number else word})
    yield event({}, reply.finish_reason)
    if wants_usage:
        yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(reply)})
    yield "data: [DONE]\n\n"


def _event(payload: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(payload, ensure_ascii=False)}\n\n"


def _inputs(given: Any) -> list[str]:
    """The texts to embed; lists of token numbers stand for themselves."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given:
        if all(isinstance(each, int) for each in given):
            return [" ".join(map(str, given))]
        return [each if isinstance(each, str) else " ".join(map(str, each)) for each in given]
    raise _BadRequest("'input' must be a text, or a list of at least one")


def _base64(vector: list[float]) -> str:
    """Little-endian 32-bit floats, which OpenAI's clients ask for by default."""
    numbers = array.array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
