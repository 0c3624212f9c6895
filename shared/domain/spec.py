"""What does the engine know of a block? Its pins and its declarations, as data.

The domain does not import blocks: ``shared.blocks.catalog`` hands it these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPin:
    """``required``: without a link or a literal the node cannot run. ``schema``: JSON Schema of its values."""

    name: str
    required: bool
    default: Any = None
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsPin:
    """An input pin that names a credential by its id. ``kinds``: those that will do; ``required``: the block has no
    other way. The rest as in ``shared.blocks.credentials.Need``."""

    provider: str
    kinds: tuple[str, ...]
    where: str
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a block finds in a literal that neither keeps its node from running nor has it fail. ``reason``: stable;
    ``message``: after the node's name; ``metadata``: what it speaks of."""

    pin: str
    reason: str
    message: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSpec:
    """One block type. ``inputs`` by name; ``outputs``: pin -> JSON Schema, ``error`` among them.

    ``many_pins(input_data)``: the output pins that may carry more than one token a firing, for a node with these
    literals; ``...`` stands for a pin that is linked. ``coerce(pin, value)``: the value converted to the pin's type;
    ValueError when it cannot be.
    ``suspends``: it may wait without running.
    ``feedback``: input pins for which its first firing does not wait, in the order in which they tell turns apart.
    ``open_pins``: it has pins that it does not name, and any of its output pins may emit many.
    ``static_output``: links from this block are static, whatever they say.
    ``credentials(input_data)``: the input pins that name a credential, for a node with these literals.
    ``advice(input_data)``: what its user should know of these literals.
    """

    block_type: str
    inputs: Mapping[str, InputPin]
    outputs: Mapping[str, Mapping[str, Any]]
    pure: bool
    static_output: bool
    open_pins: bool = False
    feedback: Sequence[str] = ()
    suspends: bool = False
    max_attempts: int
    version: int
    many_pins: Callable[[Mapping[str, Any]], frozenset[str]]
    coerce: Callable[[str, Any], Any]
    credentials: Callable[[Mapping[str, Any]], Mapping[str, CredentialsPin]] = lambda _: {}
    advice: Callable[[Mapping[str, Any]], Sequence[Advice]] = lambda _: ()


Catalog = Mapping[str, BlockSpec]
"""Block type -> spec."""
