"""What does an expression of n8n become that no template can say? Code for a JAVASCRIPT_EXPRESSION.

    ={{ $json.rows.sort((a, b) => a.n - b.n) }}         $json.rows.sort((a, b) => a.n - b.n)
    ={{ {...$('Get').item.json, at: $itemIndex} }}      {...$n0, at: $itemIndex}

The items that it speaks of are values of the block, under names of their own.
"""

import json
import re
from typing import Any

from shared.interop.n8n_moments import ZONE
from shared.interop.n8n_names import Ask, Names
from shared.interop.n8n_terms import Term, Untranslated
from shared.javascript import grammar, known, tree

ITEM = "$json"
_JSON = re.compile(r"\bJSON\s*\.\s*stringify|\.\s*toJsonString")
_BEYOND = re.compile(r"=>|\.\.\.|\btypeof\b|\.(?:sort|toSorted)\(")


def script(code: str, names: Names) -> Term:
    """Untranslated: it says something that has no counterpart there either."""
    try:
        found = _Script(code, names)
        known.check(found.tree, (), found.replaced)
    except tree.Unsupported as error:
        raise Untranslated(str(error)) from error
    items = {f"values_#_{name}": of for name, of in {ITEM: "item", **found.items}.items()}
    literals = {"expression": found.code, "timezone": ZONE, "null_on_error": True}
    return Term(names.ask(Ask(block_type="JAVASCRIPT_EXPRESSION", items=items, literals=literals, pin="result")))


def is_needed(code: str) -> bool:
    """Whether an expression says what no template could: functions, spreads, types, the order of a list."""
    return _BEYOND.search(code) is not None


def is_better(code: str) -> bool:
    """Whether a template would say it in other words: JSON with its keys in another order, and blanks between."""
    return _JSON.search(code) is not None


class _Script:
    """``code``: with what stands for items replaced by names; ``items``: what these are in a template; ``tree``: of
    the code before, ``replaced``: the parts of it that are replaced."""

    def __init__(self, code: str, names: Names) -> None:
        self.items: dict[str, str] = {}
        self._names = names
        self._found: list[tuple[tuple[int, int], str]] = []
        self.replaced: list[known.Part] = []
        self.tree = grammar.read(code)
        self._look(self.tree)
        pieces, at = list[str](), 0
        for (start, end), written in self._found:
            pieces += [code[at:start], written]
            at = end
        self.code = "".join([*pieces, code[at:]]).strip()

    def _look(self, node: known.Part, depth: int = 0) -> None:
        if depth > known.MAX_DEPTH:
            raise tree.Unsupported("it nests too deep")
        written = self._root(node) if isinstance(node, tree.Name | tree.Member) else None
        if written is not None and isinstance(node, tree.Name | tree.Member):
            self._found.append((node.span, written))
            self.replaced.append(node)
            return
        for part in known.parts(node):
            self._look(part, depth + 1)

    def _root(self, node: tree.Name | tree.Member) -> str | None:
        match node:
            case tree.Name(id="$json"):
                return self._named(ITEM, "item")
            case tree.Name(id="$itemIndex"):
                return self._named("$itemIndex", self._names.index())
            case tree.Member(holder=tree.Name(id="$workflow"), key=tree.Literal(value="name")):
                return json.dumps(self._names.workflow)
            case tree.Member(key=tree.Literal(value="json")):
                return self._item(node.holder)
            case _:
                return None

    def _item(self, node: tree.Node) -> str | None:
        """``$input.item``, ``$("X").first()``, ``$node["X"]``, ``$items("X")[0]``."""
        if isinstance(node, tree.Call) and not node.given and _key(node.callee) in ("first", "last"):
            node = node.callee
        match node:
            case tree.Member(holder=tree.Name(id="$input"), key=tree.Literal(value="item" | "first" | "last")):
                return self._named(ITEM, "item")
            case tree.Member(holder=tree.Name(id="$node"), key=tree.Literal(value=str(name))):
                return self._node(name)
            case tree.Member(
                holder=tree.Call(callee=tree.Name(id="$"), given=[tree.Literal(value=str(name))]),
                key=tree.Literal(value="item" | "first" | "last"),
            ):
                return self._node(name)
            case tree.Member(
                holder=tree.Call(callee=tree.Name(id="$items"), given=[tree.Literal(value=str(name))]),
                key=tree.Literal(value=0),
            ):
                return self._node(name)
            case _:
                return None

    def _node(self, name: str) -> str:
        of = self._names.of(name)
        return self._named(f"${of}", of)

    def _named(self, name: str, of: str) -> str:
        self.items[name] = of
        return name


def _key(node: tree.Node) -> Any:
    return node.key.value if isinstance(node, tree.Member) and isinstance(node.key, tree.Literal) else None
