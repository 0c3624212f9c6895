"""Of what does an expression consist?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


class Unsupported(Exception):
    """What an expression says that is not known here. It is no mistake of the expression: it must not run."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    parts: Sequence["Node"]


@dataclass(frozen=True, slots=True)
class Name:
    """``span``: where it stands in the code, as of all nodes that have one."""

    id: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Spread:
    node: "Node"


@dataclass(frozen=True, slots=True)
class Array:
    items: Sequence["Node | Spread"]


@dataclass(frozen=True, slots=True)
class Object:
    entries: "Sequence[tuple[Node, Node] | Spread]"


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    node: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Member:
    holder: "Node"
    key: "Node"
    optional: bool
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Call:
    callee: "Node"
    given: "Sequence[Node | Spread]"
    optional: bool
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """Where ``?.`` that finds nothing ends what it is in."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class New:
    name: str
    given: "Sequence[Node | Spread]"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a parameter or variable is bound to: a name, or the ``items`` of a list (None: one that is passed over),
    or the ``entries`` of an object by their keys. ``default``: where it is undefined. ``rest``: all that is left."""

    name: str = ""
    items: "Sequence[Pattern | None] | None" = None
    entries: "Sequence[tuple[str, Pattern]] | None" = None
    default: "Node | None" = None
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    parameters: Sequence[Pattern]
    body: "Node | Block"


@dataclass(frozen=True, slots=True)
class Let:
    pattern: Pattern
    value: "Node | None"


@dataclass(frozen=True, slots=True)
class Return:
    value: "Node | None"


@dataclass(frozen=True, slots=True)
class If:
    test: "Node"
    yes: "Statement"
    no: "Statement | None"


@dataclass(frozen=True, slots=True)
class Block:
    statements: "Sequence[Statement]"


Node: TypeAlias = (
    Literal | Template | Name | Array | Object | Unary | Binary | Choice | Member | Call | Chain | New | Function
)
Statement: TypeAlias = Let | Return | If | Block | Node
