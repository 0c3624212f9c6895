"""What is a block? Inputs, outputs, declarations, and a ``run`` that yields ``(pin, value)``.

Imitate ``shared/blocks/text.py``: a block is one class of a screen.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from shared.blocks import credentials as credentials_of
from shared.blocks.budget import FREE, Budget, Estimate, NoBudget
from shared.blocks.credentials import Credential, Need, NoWallet, Wallet
from shared.blocks.memory import Memory, NoMemory
from shared.blocks.suspensions import Delay as Delay
from shared.blocks.suspensions import Review as Review
from shared.blocks.suspensions import SubAgent as SubAgent
from shared.blocks.suspensions import SubAgents as SubAgents
from shared.blocks.suspensions import Suspended as Suspended
from shared.blocks.suspensions import Suspension as Suspension
from shared.blocks.tools import NoTools, Toolbox
from shared.blocks.user_files import Files, NoFiles
from shared.domain.spec import Advice

LINKED: Final = ...
"""Stands in the literals that ``many_pins`` sees for a pin with a link: any value may come."""


def may_be_set(input_data: Mapping[str, Any], pin: str) -> bool:
    """Whether ``pin`` may be other than null, empty, zero or false: for ``many_pins``."""
    value = input_data.get(pin)
    return value is LINKED or (bool(value) and str(value).strip().lower() not in ("false", "0"))


class BlockInput(BaseModel):
    """Base of every ``Input``: one field a pin. Values are coerced to the field's type before validation."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class BlockOutput(BaseModel):
    """Base of every ``Output``: one field a pin. ``error`` is a pin of every block."""

    model_config = ConfigDict(protected_namespaces=())

    error: str = Field(default="", description="Why the block failed, after its last attempt.")


class Outgoing(Protocol):
    """The way out, guarded. ``request``: HTTP, arguments and answer as of ``httpx.AsyncClient.request``.
    ``addresses``: where a driver of another protocol may connect to, for a host and a port."""

    async def request(self, method: str, url: str, **options: Any) -> Any: ...

    async def addresses(self, host: str, port: int) -> list[str]: ...


class Listeners(Protocol):
    """Those who may watch a node execution while its block runs."""

    async def tell(self, pin: str, piece: str) -> None:
        """The next piece of a text that will come on ``pin``. Nothing is kept of it, and nothing fails by it."""
        ...


async def not_nested() -> int:
    return 0


def no_randomness(count: int) -> bytes:
    raise RuntimeError(f"nobody supplies {count} random bytes here")


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a block may know of where it runs. ``idempotency_key`` is the same for every call of one node
    execution: hand it to outside services. ``settings``: the deployment's, by name (``OPENAI_API_KEY`` …).
    ``charges``: US dollars that the call cost so far, failed attempts included; ``budget``: what pays for calls
    with the deployment's own keys. ``random_bytes``: so many, that nobody can foresee. ``listeners``: None: nobody
    may watch, and a text need not come in pieces. ``tools``: of a block that ``calls_tools`` or has
    ``platform_tools``; ``nested``: how many blocks of the latter kind run this execution, one within the other."""

    user_id: str = ""
    graph_id: str = ""
    execution_id: str = ""
    node_id: str = ""
    idempotency_key: str = ""
    attempt: int = 1
    now: Callable[[], datetime]
    http: Outgoing
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    cancelled: Callable[[], bool] = lambda: False
    resumption: Mapping[str, Any] | None = None
    wallet: Wallet = field(default_factory=NoWallet)
    memory: Memory = field(default_factory=NoMemory)
    files: Files = field(default_factory=NoFiles)
    random_bytes: Callable[[int], bytes] = no_randomness
    charges: list[float] = field(default_factory=list[float])
    budget: Budget = field(default_factory=NoBudget)
    listeners: Listeners | None = None
    tools: Toolbox = field(default_factory=NoTools)
    nested: Callable[[], Awaitable[int]] = not_nested

    def teller(self, pin: str) -> Callable[[str], Awaitable[None]] | None:
        """What to hand pieces of the text of ``pin`` to; None: nobody may watch."""
        listeners = self.listeners
        if listeners is None:
            return None

        async def tell(piece: str) -> None:
            await listeners.tell(pin, piece)

        return tell

    def charge(self, dollars: float) -> None:
        """Count what an outside service takes for a call, whether the block then succeeds or not."""
        self.charges.append(dollars)

    async def credential(self, need: Need, chosen: Any) -> Credential:
        """The credential that a credentials pin names. BlockError where it names none, reason
        ``CREDENTIALS_MISSING``, or where it cannot be used: ``Wallet.open``."""
        id_ = credentials_of.chosen_id(chosen)
        if not id_:
            raise credentials_of.missing(need)
        return await self.wallet.open(need, id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A case that documents a block and tests it. ``output``: the tokens in the order in which they are
    emitted, or None where the outside world decides; ``fails``: part of the message of the failure."""

    title: str
    input: Mapping[str, Any]
    output: list[tuple[str, Any]] | None = None
    fails: str | None = None


class Block(ABC):
    """Declarations are class attributes.

    ``pure``: same inputs, same outputs, no effect anywhere, no clock: it may be run twice unseen.
    ``emits_many``: pins that may carry more than one token a firing.
    ``static_output``: its links supply their value again and again.
    ``max_attempts``: how often it is tried when it raises ``Retryable``, unless the node says otherwise.
    ``suspends``: it may raise ``Suspended``.
    ``calls_tools``: the nodes that its pin ``tools`` is linked to are tools that it may call.
    ``platform_tools``: its tools are the blocks of the platform and the agents of the user.
    ``feedback``: input pins for which its first firing does not wait: what comes there answers what it sent. The
    first of them is the one that comes once a turn.
    ``open_pins``: it has pins that it does not name, those of the graph that it runs.
    ``version``: counted up when the same inputs may give other outputs.
    ``cost``: what a run costs beside the compute, in words; empty: nothing. In dollars: ``context.charge``.
    ``credentials``: pin -> what it needs of the user's credentials; such a pin holds an id, never a secret.
    ``needs``: the same, for a node with given literals, where they decide.
    ``advice``: what the user of a node with given literals should know, although it runs.
    """

    block_type: ClassVar[str]
    category: ClassVar[str]
    description: ClassVar[str]
    pure: ClassVar[bool] = False
    emits_many: ClassVar[frozenset[str]] = frozenset()
    static_output: ClassVar[bool] = False
    suspends: ClassVar[bool] = False
    calls_tools: ClassVar[bool] = False
    platform_tools: ClassVar[bool] = False
    feedback: ClassVar[tuple[str, ...]] = ()
    open_pins: ClassVar[bool] = False
    max_attempts: ClassVar[int] = 1
    version: ClassVar[int] = 1
    cost: ClassVar[str] = ""
    credentials: ClassVar[Mapping[str, Need]] = {}
    examples: ClassVar[list[Example]] = []

    Input: ClassVar[type[BlockInput]]
    Output: ClassVar[type[BlockOutput]]

    @abstractmethod
    def run(self, input: Any, context: Context) -> AsyncIterator[tuple[str, Any]] | Iterator[tuple[str, Any]]:
        """Yield tokens. A plain generator for what only computes and is quick; an async one for what waits.
        Raise ``errors.BlockError`` or ``errors.Retryable``."""

    @classmethod
    def needs(cls, input_data: Mapping[str, Any]) -> Mapping[str, Need]:
        """What a node with these literals needs of the user's credentials, by pin."""
        return cls.credentials

    @classmethod
    def advice(cls, input_data: Mapping[str, Any]) -> Sequence[Advice]:
        """What the user of a node with these literals should know."""
        return ()

    @classmethod
    def estimate(cls, input_data: Mapping[str, Any], *, own: bool) -> Estimate:
        """What one firing of a node with these literals (``LINKED`` where a link supplies the pin) will cost.
        ``own``: with credentials of the user's that an execution brings."""
        if not cls.cost:
            return FREE
        needed = any(need.required for need in cls.needs(input_data).values())
        return Estimate(known=False, deployment=not (own or needed))

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        """The pins that may carry more than one token, for a node with these literals (``LINKED`` where a
        link supplies the pin)."""
        return cls.emits_many
