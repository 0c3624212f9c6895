"""Which id has what an execution makes? A hash of what caused it.

A retry therefore collides with itself, and "must not exist" is the whole of deduplication.
"""

import hashlib
from collections.abc import Iterable
from typing import NewType

from shared.domain import labels

ExecutionId = NewType("ExecutionId", str)
NodeExecutionId = NewType("NodeExecutionId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BITS = 120


def derive(*causes: str) -> str:
    """120 bits as 24 characters, the same for the same causes. Causes may hold any text: each is preceded by its
    length, so that no two lists of causes read alike."""
    text = "".join(f"{len(cause)}:{cause}" for cause in causes)
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_BITS // 8).digest(), "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(_BITS - 5, -1, -5))


def root(execution_id: str) -> NodeExecutionId:
    """The start of an execution."""
    return NodeExecutionId(derive(execution_id, "root"))


def entry(execution_id: str, node_id: str) -> NodeExecutionId:
    """A node that fires once, at the start."""
    return NodeExecutionId(derive(execution_id, node_id, "entry"))


def token(node_execution_id: str, output: int, link: int) -> NodeExecutionId:
    """What a token makes: the node that it alone fires, or itself at a gate. ``output``: which of those that its
    firing emitted; ``link``: the position of the one that it takes. Its label would not do: in a cycle two may be
    alike."""
    return NodeExecutionId(derive(node_execution_id, "token", str(output), str(link)))


def join(execution_id: str, node_id: str, key: labels.Key) -> NodeExecutionId:
    """A join: its tokens meet here by their key."""
    return NodeExecutionId(derive(execution_id, node_id, "key", labels.encode(key)))


def firing(execution_id: str, node_id: str, label: labels.Label, consumed: Iterable[str]) -> NodeExecutionId:
    """A firing of a gate: the ids of what it consumed tell it from every other."""
    return NodeExecutionId(derive(execution_id, node_id, "consumed", labels.encode(label), *sorted(consumed)))


def event(subject_id: str, status: str, count: int) -> str:
    """The ``count``-th time that an execution or node execution gets this status."""
    return derive(subject_id, "event", status, str(count))


def shard(subject_id: str, shards: int) -> int:
    """Evenly one of ``shards``."""
    return int.from_bytes(hashlib.blake2b(subject_id.encode(), digest_size=4).digest(), "big") % shards
