"""Which vector stands for a text, so that near meanings are near vectors?

As a rule by a model that a package of PyPI carries, WordLlama's (https://github.com/dleemiller/WordLlama, MIT):
32,000 pieces of words with 256 numbers each, whose mean is the vector of a text. It is read from the package's files
when it is first needed; the package itself, which looks for files at a hub, is not imported. A mean blurs with each
word: so what a thing is called and what it does have a vector each, and a query is compared with both. By a setting
the model is one behind an API that is compatible with OpenAI's, which reads both as one text.
"""

import asyncio
import functools
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import caches, config
from shared.domain import words

BUILT_IN = "wordllama-256x2"
"""The second number: of vectors a text has. Those of another number are of another model."""
REMOTE_SECONDS = 10.0
CRUMBS, LEAST_LETTERS = 3, 3.0
"""A word in so many pieces must have so many letters a piece."""
_PACKAGE = "wordllama"
_SCALE = 127
# What agents have in common: vectors are told apart by what is left without it (``searching.py``).
_COMMON = (
    "An agent that reads documents and writes a summary.",
    "Automates a task and sends a report by e-mail.",
    "Watches something and tells you when it changes.",
    "Answers questions with a language model.",
    "Creates texts, pictures and posts from your notes.",
    "Collects data from the web and puts it into a table.",
    "Helps you plan, organise and decide.",
    "Connects services and moves information between them.",
    "An assistant for teams and companies.",
    "Analyses numbers and explains what they mean.",
    "Writes and reviews code.",
    "Translates, corrects and rewrites texts.",
)

Matrix = NDArray[np.float32]

_log = logging.getLogger(__name__)


def model_name() -> str:
    """The model of this deployment: vectors of another say nothing here."""
    return config.settings().store_embedding_model or BUILT_IN


async def packed(name: str, description: str) -> tuple[str, bytes | None]:
    """Model and vectors of a thing, in a byte a dimension; without a vector if the model does not answer. What says
    nothing in one of its texts stands by the other."""
    texts = [f"{name}. {description}"] if config.settings().store_embedding_model else [name, description]
    vectors = [vector for vector in [await find(text) for text in texts] if vector is not None]
    if not vectors:
        return "", None
    both = np.concatenate([vectors[0], vectors[-1]] if len(texts) > 1 else vectors)
    return model_name(), np.round(both * _SCALE).astype(np.int8).tobytes()


def unpacked(vectors: Sequence[bytes]) -> Matrix:
    """Unit vectors: a row of one or two for each thing. All are of one length."""
    each = 1 if config.settings().store_embedding_model else 2
    rows = np.frombuffer(b"".join(vectors), dtype=np.int8).reshape(len(vectors), each, -1).astype(np.float32)
    return normal(rows)


def normal(rows: Matrix) -> Matrix:
    """Rows of length one; what is nothing stays nothing."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)


async def find(text: str) -> Matrix | None:
    """The unit vector of a text; None: it has none, or the model did not answer."""
    try:
        row = await (_remote(text) if config.settings().store_embedding_model else asyncio.to_thread(_built_in, text))
    except Exception:  # noqa: BLE001 - a search goes on by words alone
        _log.exception("the embedding model %s gave no vector", model_name())
        return None
    return None if row is None else normal(row.reshape(1, -1))[0]


@functools.cache
def common() -> Matrix | None:
    """The mean vector of texts on agents; None where the model is not the built-in one."""
    if config.settings().store_embedding_model:
        return None
    rows = [row for text in _COMMON if (row := _built_in(text)) is not None]
    return normal(np.stack(rows)).mean(axis=0)


@functools.cache
def _model() -> tuple[Any, Matrix]:
    """Tokenizer and vectors of the pieces."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    folder = Path(places[0])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, load_file(str(folder / "weights" / "l2_supercat_256.safetensors"))["embedding.weight"]


def _built_in(text: str) -> Matrix | None:
    """The mean of the pieces of the words that say something. What falls to crumbs is no word that the model knows:
    it would stand for anything."""
    tokenizer, pieces = _model()
    found = [one.ids for one in tokenizer.encode_batch(words.telling(words.of(text)), add_special_tokens=False)]
    ids = [id_ for one in found if _is_known(tokenizer, one) for id_ in one]
    return pieces[ids].astype(np.float32).mean(axis=0) if ids else None


def _is_known(tokenizer: Any, ids: Sequence[int]) -> bool:
    if len(ids) < CRUMBS:
        return True
    letters = sum(len(tokenizer.id_to_token(one).lstrip("\u2581")) for one in ids)
    return letters / len(ids) >= LEAST_LETTERS


@caches.per_loop
def _client() -> Any:
    import openai

    settings = config.settings()
    return openai.AsyncOpenAI(
        api_key=settings.store_embedding_api_key or settings.openai_api_key or "none",
        base_url=settings.store_embedding_base_url or settings.openai_base_url or None,
        timeout=REMOTE_SECONDS,
    )


async def _remote(text: str) -> Matrix | None:
    if not text.strip():
        return None
    answer = await _client().embeddings.create(model=model_name(), input=[text], encoding_format="float")
    return np.asarray(answer.data[0].embedding, dtype=np.float32)
