"""What does an expression say? A tree of it; ``Unsupported`` names what is not known here.

No assignments, loops, classes, patterns or ``async``: a function gives a value, and changes no variable.
"""

from collections.abc import Mapping, Sequence

from shared.javascript import tree, units, words
from shared.javascript.tree import Node, Unsupported

MAX_DEPTH = 60

_POWERS = {
    "??": 1, "||": 2, "&&": 3, "==": 4, "===": 4, "!=": 4, "!==": 4,
    "<": 5, ">": 5, "<=": 5, ">=": 5, "in": 5, "+": 6, "-": 6, "*": 7, "/": 7, "%": 7, "**": 8,
}  # fmt: skip
_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset(
    {
        *("await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do"),
        *("else", "enum", "export", "extends", "finally", "for", "function", "if", "import", "instanceof", "let"),
        *("new", "return", "static", "super", "switch", "this", "throw", "try", "typeof", "var", "void", "while"),
        *("in", "with", "yield"),
    }
)
_UNARY = ("!", "-", "+", "typeof")
_TAILS = ("?.", "[", "(", ".")
_OF_OPERATORS = ("sign", "name")


def read(code: str) -> Node:
    """The tree of a whole expression."""
    try:
        parser = _Parser(code, words.words(code), 0)
        node = parser.expression()
        parser.ends()
    except RecursionError as error:
        raise Unsupported("it nests too deep") from error
    return node


class _Parser:
    def __init__(self, code: str, several: Sequence[words.Word], depth: int) -> None:
        self._code, self._words, self._depth = code, several, depth
        self._at = 0
        self._closing: Mapping[int, int] | None = None

    @property
    def _word(self) -> words.Word:
        return self._words[self._at]

    def ends(self) -> None:
        if self._word.kind != "end":
            raise self._odd()

    def _odd(self) -> Unsupported:
        word = self._word
        written = self._code[word.start : word.end]
        return Unsupported("it ends too early" if word.kind == "end" else f"{written[:40]!r} is not understood")

    def _is(self, *texts: str) -> bool:
        return self._word.kind in ("sign", "name") and self._word.text in texts

    def _next(self) -> words.Word:
        word = self._word
        if word.kind == "end":
            raise self._odd()
        self._at += 1
        return word

    def _skip(self, text: str) -> bool:
        if self._is(text):
            self._at += 1
            return True
        return False

    def _take(self, text: str) -> words.Word:
        if not self._is(text):
            raise self._odd()
        return self._next()

    def expression(self) -> Node:
        """Up to a comma or a closing sign."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported("it nests too deep")
        node = self._arrow() if self._begins_arrow() else self._choice()
        self._depth -= 1
        return node

    def _choice(self) -> Node:
        test = self._binary(0)
        if not self._skip("?"):
            return test
        yes = self.expression()
        self._take(":")
        return tree.Choice(test, yes, self.expression())

    def _binary(self, power: int) -> Node:
        left = self._unary()
        while (word := self._words[self._at]).kind in _OF_OPERATORS and _POWERS.get(word.text, 0) > power:
            sign = self._next().text
            if sign == "**" and isinstance(left, tree.Unary):
                raise Unsupported("a sign before a power is not understood")
            right = self._binary(_POWERS[sign] - (sign == "**"))
            _check_mixed(sign, left, right)
            left = tree.Binary(sign, left, right)
        return left

    def _unary(self) -> Node:
        word = self._words[self._at]
        if word.kind not in _OF_OPERATORS or word.text not in _UNARY:
            return self._tail(*self._operand())
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported("it nests too deep")
        sign = self._next().text
        node = tree.Unary(sign, self._unary())
        self._depth -= 1
        return node

    def _operand(self) -> tuple[Node, int]:
        """With where it begins."""
        word = self._next()
        start = word.start
        match word.kind, word.text:
            case "number", _:
                return tree.Literal(words.number(word.text)), start
            case "text", _:
                return tree.Literal(units.split(word.text)), start
            case "template", _:
                return self._template(word), start
            case "sign", "(":
                inner = self.expression()
                self._take(")")
                return _closed(inner), start
            case "sign", "[":
                return tree.Array(self._list("]")), start
            case "sign", "{":
                return self._object(), start
            case "sign", "/":
                raise Unsupported("a pattern has no counterpart in a program")
            case "name", "new":
                return self._new(), start
            case "name", _ if word.text in _CONSTANTS:
                return tree.Literal(_CONSTANTS[word.text]), start
            case "name", _ if word.text not in _RESERVED:
                return tree.Name(word.text, (start, word.end)), start
            case _:
                self._at -= 1
                raise self._odd()

    def _template(self, word: words.Word) -> Node:
        parts: list[Node] = []
        for part in word.parts:
            if isinstance(part, str):
                parts.append(tree.Literal(units.split(part)))
            else:
                inner = _Parser(self._code, words.words(self._code, *part), self._depth)
                parts.append(inner.expression())
                inner.ends()
        return tree.Template(parts)

    def _new(self) -> Node:
        name = self._next()
        if name.kind != "name" or name.text not in ("Date", "Set"):
            raise Unsupported(f"new {name.text} has no counterpart")
        given = self._list(")") if self._skip("(") else ()
        return tree.New(name.text, given)

    def _list(self, end: str) -> Sequence[Node | tree.Spread]:
        found: list[Node | tree.Spread] = []
        while not self._skip(end):
            if self._is(","):
                raise Unsupported("a list with holes is not understood")
            found.append(self._spread() if self._is("...") else self.expression())
            if not self._is(end):
                self._take(",")
        return found

    def _spread(self) -> tree.Spread:
        self._take("...")
        return tree.Spread(self.expression())

    def _object(self) -> Node:
        entries: list[tuple[Node, Node] | tree.Spread] = []
        while not self._skip("}"):
            entries.append(self._spread() if self._is("...") else self._entry())
            if not self._is("}"):
                self._take(",")
        return tree.Object(entries)

    def _entry(self) -> tuple[Node, Node]:
        word = self._next()
        if word.kind == "sign" and word.text == "[":
            key = self.expression()
            self._take("]")
            self._take(":")
            return key, self.expression()
        name = self._key(word)
        if self._skip(":"):
            if name == "__proto__":
                raise Unsupported("an object with another prototype has no counterpart")
            return tree.Literal(name), self.expression()
        if word.kind != "name" or word.text in _RESERVED or word.text in _CONSTANTS:
            raise self._odd()
        return tree.Literal(name), tree.Name(word.text, (word.start, word.end))

    def _key(self, word: words.Word) -> str:
        if word.kind == "number":
            from shared.javascript import numbers

            return numbers.text(words.number(word.text))
        if word.kind in ("name", "text"):
            return units.split(word.text)
        self._at -= 1
        raise self._odd()

    def _tail(self, node: Node, start: int) -> Node:
        """Properties, elements and calls."""
        is_chain = False
        while True:
            word = self._words[self._at]
            if word.kind != "template" and (word.kind != "sign" or word.text not in _TAILS):
                return tree.Chain(node) if is_chain else node
            optional = self._skip("?.")
            is_chain = is_chain or optional
            if self._skip("["):
                key = self.expression()
                end = self._take("]").end
                node = tree.Member(node, key, optional, (start, end))
            elif self._skip("("):
                given = self._list(")")
                node = tree.Call(node, given, optional, (start, self._words[self._at - 1].end))
            elif optional or self._skip("."):
                word = self._next()
                if word.kind != "name":
                    raise Unsupported(f"{word.text!r} is no name")
                node = tree.Member(node, tree.Literal(units.split(word.text)), optional, (start, word.end))
            else:
                raise Unsupported("a function before a text has no counterpart")

    def _begins_arrow(self) -> bool:
        if self._word.kind == "name" and self._word.text not in _RESERVED:
            after = self._words[self._at + 1]
            return after.kind == "sign" and after.text == "=>"
        if not self._is("("):
            return False
        if self._closing is None:
            self._closing = _closings(self._words)
        after = self._words[self._closing.get(self._at, len(self._words) - 2) + 1]
        return after.kind == "sign" and after.text == "=>"

    def _arrow(self) -> Node:
        if self._is("("):
            self._next()
            parameters = self._patterns(")")
        else:
            parameters = [self._pattern()]
        self._take("=>")
        return tree.Function(
            [one for one in parameters if one], self._block() if self._is("{") else self.expression()
        )

    def _patterns(self, end: str) -> list[tree.Pattern | None]:
        found: list[tree.Pattern | None] = []
        while not self._skip(end):
            if end == "]" and self._skip(","):
                found.append(None)
                continue
            rest = self._skip("...")
            found.append(self._pattern(rest=rest))
            if rest:
                self._take(end)
                break
            if not self._is(end):
                self._take(",")
        return found

    def _pattern(self, *, rest: bool = False) -> tree.Pattern:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported("it nests too deep")
        name, items, entries = "", None, None
        if self._skip("["):
            items = self._patterns("]")
        elif self._skip("{"):
            entries = self._entries()
        else:
            name = self._variable()
        default = self.expression() if not rest and self._skip("=") else None
        self._depth -= 1
        return tree.Pattern(name, items, entries, default, rest)

    def _variable(self) -> str:
        word = self._next()
        if word.kind != "name" or word.text in _RESERVED or word.text in _CONSTANTS:
            self._at -= 1
            raise self._odd()
        return word.text

    def _entries(self) -> list[tuple[str, tree.Pattern]]:
        found: list[tuple[str, tree.Pattern]] = []
        while not self._skip("}"):
            if self._skip("..."):
                found.append(("", self._pattern(rest=True)))
            else:
                word = self._next()
                key = self._key(word)
                if self._skip(":"):
                    found.append((key, self._pattern()))
                else:
                    self._at -= 1
                    found.append((key, self._pattern()))
            if not self._is("}"):
                self._take(",")
        return found

    def _block(self) -> tree.Block:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported("it nests too deep")
        self._take("{")
        found: list[tree.Statement] = []
        while not self._skip("}"):
            if not self._skip(";"):
                found += self._statement()
        self._depth -= 1
        return tree.Block(found)

    def _statement(self) -> Sequence[tree.Statement]:
        if self._is("{"):
            return [self._block()]
        if self._skip("return"):
            follows = self._word
            alone = self._is(";", "}") or "\n" in self._code[self._words[self._at - 1].end : follows.start]
            value = None if alone else self.expression()
            self._over()
            return [tree.Return(value)]
        if self._is("const", "let"):
            return self._lets()
        if self._is("if"):
            return [self._if()]
        node = self.expression()
        self._over()
        return [node]

    def _lets(self) -> Sequence[tree.Statement]:
        self._next()
        found: list[tree.Statement] = []
        while True:
            pattern = self._pattern()
            found.append(tree.Let(tree.Pattern(pattern.name, pattern.items, pattern.entries), pattern.default))
            if not self._skip(","):
                break
        self._over()
        return found

    def _if(self) -> tree.Statement:
        self._take("if")
        self._take("(")
        test = self.expression()
        self._take(")")
        yes = tree.Block(self._statement())
        self._skip(";")
        no = tree.Block(self._statement()) if self._skip("else") else None
        return tree.If(test, yes, no)

    def _over(self) -> None:
        """The end of a statement: a semicolon, the end of a block, or of a line."""
        before = self._words[self._at - 1]
        if not self._skip(";") and not self._is("}") and "\n" not in self._code[before.end : self._word.start]:
            raise self._odd()


def _closings(several: Sequence[words.Word]) -> Mapping[int, int]:
    """Position of an opening sign -> that of the one that closes it."""
    found: dict[int, int] = {}
    open_: list[int] = []
    for position, word in enumerate(several):
        if word.kind == "sign" and word.text in ("(", "[", "{"):
            open_.append(position)
        elif word.kind == "sign" and word.text in (")", "]", "}") and open_:
            found[open_.pop()] = position
    return found


def _closed(node: Node) -> Node:
    """In parentheses: ``??`` may stand beside ``||``, and a sign before a power."""
    return tree.Chain(node)


def _check_mixed(sign: str, left: Node, right: Node) -> None:
    """JavaScript asks for parentheses where ``??`` stands beside ``||`` or ``&&``."""
    beside = {one.sign for one in (left, right) if isinstance(one, tree.Binary)}
    if (sign == "??" and beside & {"||", "&&"}) or (sign in ("||", "&&") and "??" in beside):
        raise Unsupported("?? beside || or && is not understood without parentheses")
