"""What does an expression of n8n say in Jinja2? The grammar: operators by their powers, and what names stand for.

``Untranslated`` says what has no counterpart: functions that are written in it, variables, loops.
"""

from collections.abc import Sequence
from typing import Any

from shared.interop import n8n_functions as functions
from shared.interop import n8n_globals, n8n_patterns, n8n_scripts, n8n_tokens
from shared.interop.n8n_moments import NOW, TODAY, Moment, Unknown
from shared.interop.n8n_names import Names
from shared.interop.n8n_terms import Term, Untranslated, constant, quoted, text

MAX_DEPTH = 40
MAX_PROGRAMS = 4
"""Of an expression that are tried, as they take a while."""

_POWERS = {
    "?": 1, "??": 2, "||": 3, "&&": 4, "==": 5, "===": 5, "!=": 5, "!==": 5,
    "<": 6, ">": 6, "<=": 6, ">=": 6, "+": 7, "-": 7, "*": 8, "/": 8, "%": 8, "**": 9,
}  # fmt: skip
_UNARY = 9
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}


class Parser:
    """Reads an expression of JavaScript, and writes it in Jinja."""

    def __init__(self, code: str, names: Names, depth: int = 0) -> None:
        self._tokens: Sequence[n8n_tokens.Token] = n8n_tokens.tokens(code.strip())
        self._names = names
        self._at = 0
        self._depth = depth
        self._programs_left = MAX_PROGRAMS

    def whole(self) -> Term:
        term = self._expression(0)
        if self._at < len(self._tokens):
            raise Untranslated(f"{self._peek()!r} is not understood")
        return term

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)

    def _next(self) -> n8n_tokens.Token:
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
            if sign == "?":
                left = self._chosen(left)
            else:
                left = functions.binary(sign, left, self._expression(_POWERS[sign] - (sign == "**")))
        self._depth -= 1
        return left

    def _chosen(self, condition: Term) -> Term:
        yes = self._expression(0)
        self._take(":")
        return functions.chosen(condition, yes, self._expression(0))

    def _operand(self) -> Term:
        """What no template says is a program's, as long as the rest of the expression is not."""
        start, depth, before = self._at, self._depth, self._names.spoken_of()
        try:
            return self._plain_operand()
        except Untranslated as error:
            end = n8n_tokens.operand(self._tokens, start)
            if end is None or not self._programs_left:
                raise
            self._programs_left -= 1
            self._names.forget(*before)
            self._at, self._depth = end, depth
            try:
                return n8n_scripts.script(" ".join(written for _, written in self._tokens[start:end]), self._names)
            except Untranslated:
                raise error from None

    def _plain_operand(self) -> Term:
        kind, found = self._next()
        match kind, found:
            case "number", _:
                return self._tail(Term(n8n_tokens.number(found), is_number=True))
            case "text", _ if found.startswith("`") and "${" in found:
                return self._tail(self._written(found[1:-1]))
            case "text", _:
                return self._tail(Term(quoted(n8n_tokens.unescaped(found[1:-1])), is_text=True))
            case "pattern", _:
                return self._tested(found)
            case "sign", "!":
                return functions.negated(self._expression(_UNARY))
            case "sign", "-" | "+":
                return Term(f"({found}{functions.number(self._expression(_UNARY))})", is_number=True)
            case "sign", "(":
                inner = self._expression(0)
                self._take(")")
                return self._tail(Term(f"({inner.jinja})", inner.is_text, inner.is_number, inner.is_truth))
            case "sign", "[":
                return self._tail(Term(f"[{', '.join(one.jinja for one in self._list(']'))}]"))
            case "sign", "{":
                return self._tail(self._object())
            case "name", _ if found in _CONSTANTS:
                return constant(_CONSTANTS[found])
            case "name", _:
                return self._tail(self._root(found))
            case _:
                raise Untranslated(f"{found!r} is not understood")

    def _object(self) -> Term:
        """``{name: value, "other name": value}``."""
        entries: list[str] = []
        while not self._is("}"):
            kind, key = self._next()
            if kind not in ("name", "text", "number"):
                raise Untranslated(f"{key!r} in an object is not understood")
            self._take(":")
            name = n8n_tokens.unescaped(key[1:-1]) if kind == "text" else key
            entries.append(f"{quoted(name)}: {self._expression(0).jinja}")
            if not self._is("}"):
                self._take(",")
        self._take("}")
        return Term("{" + ", ".join(entries) + " }")

    def _tested(self, written: str) -> Term:
        """``/pattern/.test(text)``."""
        self._words("test")
        [given] = self._arguments(1)
        return n8n_patterns.tested(given, written, self._names)

    def _written(self, template: str) -> Term:
        """A text with ``${ }`` in it."""
        terms: list[str] = []
        rest = template
        while rest:
            before, opened, after = rest.partition("${")
            if before:
                terms.append(quoted(n8n_tokens.unescaped(before)))
            if not opened:
                break
            code, closed, rest = after.partition("}")
            if not closed or "{" in code or "`" in code:
                raise Untranslated("a text within a text has no counterpart")
            terms.append(text(Parser(code, self._names, self._depth).whole()))
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
            case "$itemIndex":
                return Term(self._names.index(), is_number=True)
            case "$now" | "$today":
                return self._moment(NOW if name == "$now" else TODAY)
            case "DateTime" | "new" | "Date":
                return self._date(name)
            case "typeof" | "await" | "function" | "async" | "delete" | "void":
                raise Untranslated(f"{name} has no counterpart")
            case _:
                return self._global(name)

    def _global(self, name: str) -> Term:
        """Functions of the language and of n8n that are no item's."""
        if name in n8n_globals.SPACES and not self._is("("):
            word = self._key()
            if (name, word) == ("$workflow", "name"):
                return Term(quoted(self._names.workflow), is_text=True)
            name = f"{name}.{word}"
        if not self._is("("):
            raise Untranslated(f"{name} has no counterpart")
        self._take("(")
        return n8n_globals.called(name, self._list(")"), self._names)

    def _date(self, name: str) -> Term:
        """``DateTime.now()``, ``DateTime.fromISO(x)``, ``new Date()``, ``new Date(x)``, ``Date.now()``."""
        if name == "new":
            if self._next() != ("name", "Date"):
                raise Untranslated("new has a counterpart for Date() alone")
            self._take("(")
            given = self._list(")")
            if len(given) > 1:
                raise Untranslated("a date of several numbers has no counterpart")
            return self._moment(Moment.of(text(given[0])) if given else NOW)
        word = self._key()
        if word == "now":
            self._arguments(0)
            return self._moment(NOW if name == "DateTime" else NOW.method("toMillis", []))
        if name != "DateTime" or word != "fromISO":
            raise Untranslated(f"{name}.{word}() has no counterpart")
        [given] = self._arguments(1)
        return self._moment(Moment.of(text(given)))

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
        if name == "toDateTime":
            self._arguments(0)
            return self._moment(Moment.of(text(term)))
        self._take("(")
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "pattern":
            written = self._next()[1]
            if self._is(","):
                self._next()
            return n8n_patterns.method(term, name, written, self._list(")"), self._names)
        given = self._list(")")
        write = functions.METHODS.get((name, len(given)))
        if write is None:
            raise Untranslated(f"the function {name}() has no counterpart")
        return write(term, *given)

    def _moment(self, moment: Moment) -> Term:
        """What is asked of it, up to what is no date any more."""
        while (self._is(".") or self._is("?.")) and not moment.is_done:
            self._next()
            name = self._next()[1]
            try:
                moment = moment.method(name, self._plain_list()) if self._is("(") else moment.property(name)
            except Unknown as error:
                raise Untranslated(f"{error} of a date has no counterpart") from error
        return self._tail(Term(moment.write(self._names.at(moment)), moment.is_text, not moment.is_text))

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
