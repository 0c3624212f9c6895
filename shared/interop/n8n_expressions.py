"""What does an expression of n8n say in Jinja2, the language of templates here?

    ={{ $json.name }}                  (item or {}).get('name')
    =Dear {{ $json["first name"] }}!   'Dear ' ~ text_of((item or {}).get('first name')) ~ '!'
    ={{ $node["Ask"].json.n + 1 }}     ((n0 or {}).get('n') + 1)

The item that comes is ``item``; items of other nodes are ``n0``, ``n1``, … in the order of ``Names``. What is not
there is none, as undefined is in JavaScript. What ``$now`` says is ``t0``, ``t1``, … (``n8n_moments``).
``Untranslated`` says what has no counterpart: code, dates of items, functions.
Syntax: https://docs.n8n.io/code/expressions/
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.interop import n8n_functions as functions
from shared.interop.n8n_moments import NOW, TODAY, Moment, Unknown
from shared.interop.n8n_terms import Term, Untranslated, constant, quoted, text

MAX_EXPRESSION = 2_000
MAX_DEPTH = 40
MAX_JINJA = 50_000

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>[A-Za-z_$][\w$]*)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    r"|`(?:[^`\\]|\\.)*`)|(?P<sign>===|!==|\?\.|\?\?|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}]))"
)
_INSERTED = re.compile(r"\$\{([^{}]*)\}")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_POWERS = {
    "?": 1, "??": 2, "||": 3, "&&": 4, "==": 5, "===": 5, "!=": 5, "!==": 5,
    "<": 6, ">": 6, "<=": 6, ">=": 6, "+": 7, "-": 7, "*": 8, "/": 8, "%": 8,
}  # fmt: skip
_CONSTANTS = {"true": "true", "false": "false", "null": "none", "undefined": "none"}


@dataclass(slots=True)
class Names:
    """The nodes that a template speaks of, by name, in order, and the moments. ``known``: the nodes that may be
    spoken of; ``timed``: whether moments may be."""

    known: frozenset[str]
    nodes: list[str] = field(default_factory=list[str])
    timed: bool = False
    moments: list[Moment] = field(default_factory=list[Moment])

    def at(self, moment: Moment) -> str:
        """How Jinja calls what a moment gives."""
        if not self.timed:
            raise Untranslated("the time has no counterpart at this place")
        self.moments.append(moment)
        return f"t{len(self.moments) - 1}"

    def of(self, node: str) -> str:
        """How Jinja calls the item of a node."""
        if node not in self.known:
            raise Untranslated(f"{node!r} is no node before this one")
        if node not in self.nodes:
            self.nodes.append(node)
        return f"n{self.nodes.index(node)}"


def value(parameter: Any, names: Names) -> Term:
    """A parameter, with all expressions in it, as a Jinja expression of its value."""
    match parameter:
        case str() if parameter.startswith("="):
            return _template(parameter[1:], names)
        case Mapping():
            entries = cast(Mapping[str, Any], parameter).items()
            return Term("{" + ", ".join(f"{quoted(key)}: {value(one, names).jinja}" for key, one in entries) + "}")
        case list():
            return Term("[" + ", ".join(value(one, names).jinja for one in cast(list[Any], parameter)) + "]")
        case _:
            return constant(parameter)


def parts(template: str) -> list[tuple[bool, str]]:
    """A template of n8n, cut at ``{{ }}``: whether a part is an expression, and the part."""
    found: list[tuple[bool, str]] = []
    for position, piece in enumerate(re.split(r"\{\{(.*?)\}\}", template, flags=re.DOTALL)):
        if piece or position % 2:
            found.append((bool(position % 2), piece))
    return found


def _template(template: str, names: Names) -> Term:
    pieces = parts(template)
    if len(pieces) == 1 and pieces[0][0]:
        return expression(pieces[0][1], names)
    terms = [expression(one, names) if is_code else Term(quoted(one), is_text=True) for is_code, one in pieces]
    return Term(f"({' ~ '.join(text(one) for one in terms)})" if terms else "''", is_text=True)


def expression(code: str, names: Names) -> Term:
    """What stands between ``{{`` and ``}}``."""
    if len(code) > MAX_EXPRESSION:
        raise Untranslated(f"it has more than {MAX_EXPRESSION} characters")
    parser = _Parser(_tokens(code.strip()), names)
    term = parser.whole()
    if len(term.jinja) > MAX_JINJA:
        raise Untranslated("it is too long")
    return term


def _tokens(code: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(code):
        match = _TOKEN.match(code, position)
        if match is None:
            raise Untranslated(f"{code[position : position + 20]!r} is not understood")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
        while position < len(code) and code[position].isspace():
            position += 1
    return found


class _Parser:
    """Reads an expression of JavaScript, by the powers of its operators, and writes it in Jinja."""

    def __init__(self, tokens: Sequence[tuple[str, str]], names: Names) -> None:
        self._tokens = tokens
        self._names = names
        self._at = 0
        self._depth = 0

    def whole(self) -> Term:
        term = self._expression(0)
        if self._at < len(self._tokens):
            raise Untranslated(f"{self._peek()!r} is not understood")
        return term

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise Untranslated("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise Untranslated(f"{sign!r} is missing")

    def _expression(self, power: int) -> Term:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Untranslated("it nests too deep")
        left = self._operand()
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "sign":
            sign = self._peek()
            if _POWERS.get(sign, 0) <= power:
                break
            self._next()
            left = (
                self._chosen(left) if sign == "?" else functions.binary(sign, left, self._expression(_POWERS[sign]))
            )
        self._depth -= 1
        return left

    def _chosen(self, condition: Term) -> Term:
        yes = self._expression(0)
        self._take(":")
        no = self._expression(0)
        return Term(f"({yes.jinja} if {condition.jinja} else {no.jinja})", yes.is_text and no.is_text)

    def _operand(self) -> Term:
        kind, found = self._next()
        match kind, found:
            case "number", _:
                return self._tail(Term(found.rstrip(".") if not found.startswith(".") else f"0{found}"))
            case "text", _ if found.startswith("`") and "${" in found:
                return self._tail(self._written(found[1:-1]))
            case "text", _:
                return self._tail(Term(quoted(_unescaped(found[1:-1])), is_text=True))
            case "sign", "!":
                return Term(f"(not {self._expression(8).jinja})")
            case "sign", "-":
                return Term(f"(-{self._expression(8).jinja})")
            case "sign", "(":
                inner = self._expression(0)
                self._take(")")
                return self._tail(Term(f"({inner.jinja})", inner.is_text))
            case "sign", "[":
                return self._tail(Term(f"[{', '.join(one.jinja for one in self._list(']'))}]"))
            case "name", _ if found in _CONSTANTS:
                return Term(_CONSTANTS[found])
            case "name", _:
                return self._tail(self._root(found))
            case _:
                raise Untranslated(f"{found!r} is not understood")

    def _written(self, template: str) -> Term:
        """A text with ``${ }`` in it."""
        terms: list[str] = []
        for position, piece in enumerate(_INSERTED.split(template)):
            if position % 2:
                terms.append(text(expression(piece, self._names)))
            elif "${" in piece:
                raise Untranslated("a text within a text has no counterpart")
            elif piece:
                terms.append(quoted(_unescaped(piece)))
        return Term(f"({' ~ '.join(terms)})", is_text=True)

    def _list(self, end: str) -> list[Term]:
        found: list[Term] = []
        while not self._is(end):
            found.append(self._expression(0))
            if not self._is(end):
                self._take(",")
        self._take(end)
        return found

    def _root(self, name: str) -> Term:
        """``$json``, ``$input.item.json``, ``$node["X"].json``, ``$("X").first().json``, ``JSON.stringify(x)``."""
        match name:
            case "$json":
                return Term("item")
            case "$input":
                self._which_item()
                return Term("item")
            case "$node":
                node = self._key()
                self._words("json")
                return Term(self._names.of(node))
            case "$" | "$items":
                node = self._argument()
                if name == "$":
                    self._which_item()
                elif self._key() == "0":
                    self._words("json")
                else:
                    raise Untranslated("only the first of $items() has a counterpart")
                return Term(self._names.of(node))
            case _:
                return self._global(name)

    def _global(self, name: str) -> Term:
        """What is there without an item: the time, and functions of the language."""
        match name:
            case "$now" | "$today":
                return self._moment(NOW if name == "$now" else TODAY)
            case "DateTime":
                self._words("now")
                self._arguments(0)
                return self._moment(NOW)
            case "new":
                if self._next() != ("name", "Date"):
                    raise Untranslated("new has a counterpart for Date() alone")
                self._arguments(0)
                return self._moment(NOW)
            case "Math":
                write = functions.MATH.get(word := self._key())
                if write is None:
                    raise Untranslated(f"Math.{word}() has no counterpart")
                self._take("(")
                return Term(write([one.jinja for one in self._list(")")]))
            case "parseInt" | "parseFloat":
                [given] = self._arguments(1)
                return Term(f"({given.jinja}|{name.removeprefix('parse').lower()})")
            case "Object":
                word = self._key()
                if word not in ("keys", "values"):
                    raise Untranslated(f"Object.{word}() has no counterpart")
                return Term(f"(({self._arguments(1)[0].jinja} or {{}}).{word}()|list)")
            case "JSON":
                self._words("stringify")
                return Term(f"({self._arguments(1)[0].jinja})|tojson", is_text=True)
            case "Number" | "String":
                [given] = self._arguments(1)
                return Term(f"({given.jinja}|float)") if name == "Number" else Term(text(given), is_text=True)
            case _:
                raise Untranslated(f"{name} has no counterpart")

    def _which_item(self) -> None:
        """``.item.json``, ``.first().json`` or ``.last().json``: of one item, all are the item."""
        word = self._key()
        if word in ("first", "last"):
            self._arguments(0)
        elif word != "item":
            raise Untranslated(f"{word} of several items has no counterpart")
        self._words("json")

    def _words(self, word: str) -> None:
        if (found := self._key()) != word:
            raise Untranslated(f"{found} has no counterpart")

    def _key(self) -> str:
        """``.name``, ``?.name`` or ``["name"]``: a name that is written out."""
        if self._is(".") or self._is("?."):
            self._next()
            return self._next()[1]
        self._take("[")
        kind, found = self._next()
        self._take("]")
        if kind not in ("text", "number"):
            raise Untranslated(f"{found!r} is not understood")
        return found[1:-1] if kind == "text" else found

    def _argument(self) -> str:
        self._take("(")
        kind, found = self._next()
        self._take(")")
        if kind != "text":
            raise Untranslated(f"{found!r} is not understood")
        return found[1:-1]

    def _arguments(self, count: int) -> list[Term]:
        self._take("(")
        found = self._list(")")
        if len(found) != count:
            raise Untranslated(f"{count} arguments are expected")
        return found

    def _tail(self, term: Term) -> Term:
        """Properties, elements and methods of a term."""
        while self._is(".") or self._is("?.") or self._is("["):
            if self._next()[1] == "[":
                term = functions.element_of(term, self._expression(0))
                self._take("]")
            elif self._is("["):
                continue
            else:
                name = self._next()[1]
                term = self._method(term, name) if self._is("(") else functions.property_of(term, name)
        return term

    def _method(self, term: Term, name: str) -> Term:
        self._take("(")
        given = self._list(")")
        write = functions.METHODS.get((name, len(given)))
        if write is None:
            raise Untranslated(f"the function {name}() has no counterpart")
        return write(term.jinja, *(one.jinja for one in given))

    def _moment(self, moment: Moment) -> Term:
        """What is asked of it, up to what is no date any more."""
        while (self._is(".") or self._is("?.")) and not moment.is_done:
            self._next()
            name = self._next()[1]
            try:
                moment = moment.method(name, self._plain_list()) if self._is("(") else moment.property(name)
            except Unknown as error:
                raise Untranslated(f"{error} of a date has no counterpart") from error
        return self._tail(Term(moment.write(self._names.at(moment)), moment.is_text))

    def _plain_list(self) -> list[Any]:
        """Arguments that are written out."""
        self._take("(")
        found: list[Any] = []
        while not self._is(")"):
            found.append(self._plain())
            if not self._is(")"):
                self._take(",")
        self._take(")")
        return found

    def _plain(self) -> Any:
        kind, found = self._next()
        match kind, found:
            case "sign", "-":
                return -self._number(*self._next())
            case "text", _:
                return found[1:-1]
            case "sign", "{":
                entries: dict[str, Any] = {}
                while not self._is("}"):
                    key = self._next()[1].strip("'\"")
                    self._take(":")
                    sign = -1 if self._is("-") else 1
                    if sign < 0:
                        self._next()
                    entries[key] = sign * self._number(*self._next())
                    if not self._is("}"):
                        self._take(",")
                self._take("}")
                return entries
            case _:
                return self._number(kind, found)

    def _number(self, kind: str, found: str) -> float:
        if kind != "number":
            raise Untranslated("a date that moves by what is computed has no counterpart")
        return int(found) if found.isdecimal() else float(found)


def _unescaped(plain: str) -> str:
    return _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[1]), plain)
