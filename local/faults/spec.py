"""How does a person say which calls shall go wrong, how, and how often?

    seed=7; *: delay=0.2@300ms; firestore.Commit: abort=0.05, lose=0.02; tasks.Dispatch: duplicate=0.1

Parts are separated by ``;``. A part is ``seed=N`` or ``WHAT: KIND=PROBABILITY, …``. WHAT is ``SERVICE.METHOD``,
``SERVICE`` or ``*``; the most exact part that names a kind decides it. ``@`` gives a delay its longest time (300ms,
2s) and an abort its status (``@RESOURCE_EXHAUSTED``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import grpc

SERVICES = ("firestore", "auth", "storage", "llm", "fcm", "pubsub", "tasks", "scheduler")
DEFAULT_DELAY_SECONDS = 1.0
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_WHAT = re.compile(rf"\*|(?:{'|'.join(SERVICES)})(?:\.[A-Za-z]+)?")


class Kind(StrEnum):
    """What may happen to a call. In the order in which the dice are thrown; at most one of those after DELAY does."""

    DELAY = "delay"
    """It is applied late."""
    DROP = "drop"
    """It is not applied, and answered UNAVAILABLE (HTTP: 503)."""
    ABORT = "abort"
    """It is not applied, and answered ABORTED or what ``@`` says (HTTP: 503)."""
    LOSE = "lose"
    """It is applied, and answered UNAVAILABLE."""
    DUPLICATE = "duplicate"
    """It is applied twice; the first answer is given."""
    REORDER = "reorder"
    """It is held back until a later one of the method has been applied, or half a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``probability`` from 0 to 1. ``longest`` in seconds, of a delay; ``status`` of an abort."""

    kind: Kind
    probability: float
    longest: float = DEFAULT_DELAY_SECONDS
    status: grpc.StatusCode = grpc.StatusCode.ABORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """``faults``: ``*``, service or ``service.Method`` -> the faults said of it."""

    seed: int = 1
    faults: Mapping[str, Mapping[Kind, Fault]] = field(default_factory=dict[str, Mapping[Kind, Fault]])

    def of(self, service: str, method: str) -> list[Fault]:
        """The faults that may meet a call of the method, in the order of the kinds."""
        merged: dict[Kind, Fault] = {}
        for what in ("*", service, f"{service}.{method}"):
            merged.update(self.faults.get(what, {}))
        return [merged[kind] for kind in Kind if kind in merged]


class SpecError(ValueError):
    """A specification that cannot be read; the message says where, and what is expected."""


def parse(text: str) -> Spec:
    """SpecError: see there."""
    seed, faults = 1, dict[str, dict[Kind, Fault]]()
    for part in (part.strip() for part in text.split(";")):
        what, colon, said = (piece.strip() for piece in part.partition(":"))
        if not part:
            continue
        if not colon:
            seed = _seed(part)
        elif not _WHAT.fullmatch(what):
            raise SpecError(
                f"faults: {what!r} is none of *, SERVICE, SERVICE.METHOD; services: {', '.join(SERVICES)}"
            )
        else:
            each = [_fault(one) for one in said.split(",")]
            faults.setdefault(what, {}).update({fault.kind: fault for fault in each})
    return Spec(seed=seed, faults=faults)


def _seed(part: str) -> int:
    name, _, number = part.partition("=")
    if name.strip() != "seed" or not number.strip().isdecimal():
        raise SpecError(f"faults: expected seed=N or WHAT: KIND=PROBABILITY, …; got {part!r}")
    return int(number)


def _fault(text: str) -> Fault:
    name, _, rest = (piece.strip() for piece in text.partition("="))
    chance, _, extra = (piece.strip() for piece in rest.partition("@"))
    if name not in list(Kind):
        raise SpecError(f"faults: {name!r} is no kind of fault; there are {', '.join(Kind)}")
    kind = Kind(name)
    try:
        probability = float(chance)
    except ValueError:
        probability = -1.0
    if not 0.0 <= probability <= 1.0:
        raise SpecError(f"faults: {name} needs a probability from 0 to 1, such as {name}=0.05; got {chance!r}")
    if not extra:
        return Fault(kind=kind, probability=probability)
    if kind is Kind.DELAY:
        return Fault(kind=kind, probability=probability, longest=seconds(extra))
    if kind is Kind.ABORT and extra in grpc.StatusCode.__members__:
        return Fault(kind=kind, probability=probability, status=grpc.StatusCode[extra])
    raise SpecError(f"faults: {text.strip()!r}: after @ a delay has a time, an abort a gRPC status, the rest nothing")


def seconds(text: str) -> float:
    """``300ms`` and ``2s`` in seconds. SpecError: it is neither."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise SpecError(f"faults: expected a time such as 300ms or 2s; got {text!r}")
    return float(match.group(1)) / (1000.0 if match.group(2) == "ms" else 1.0)
