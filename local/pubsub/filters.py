"""Which messages does a subscription's filter let through?

The syntax of https://cloud.google.com/pubsub/docs/subscription-message-filter: ``attributes:key``,
``attributes.key = "value"``, ``!=``, ``hasPrefix(attributes.key, "value")``, joined by AND or OR (not mixed without
parentheses), negated by NOT or ``-``.
"""

import re
from collections.abc import Callable, Mapping

Matcher = Callable[[Mapping[str, str]], bool]
MAX_FILTER_BYTES = 256

_WORD = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z0-9_-]+)|(!=|[=:.,()]))', re.DOTALL)


class FilterError(ValueError):
    """A filter that cannot be read; the message says where."""


def compile_filter(text: str) -> Matcher:
    """A test of a message's attributes; an empty filter lets everything through. FilterError: not a filter."""
    if not text.strip():
        return lambda _attributes: True
    if len(text.encode()) > MAX_FILTER_BYTES:
        raise FilterError(f"the filter has {len(text.encode())} bytes, at most {MAX_FILTER_BYTES} are allowed")
    parser = _Parser(_words(text))
    matcher = parser.expression()
    parser.expect_end()
    return matcher


def _words(text: str) -> list[str]:
    words: list[str] = []
    position = 0
    while text[position:].strip():
        match = _WORD.match(text, position)
        if match is None:
            raise FilterError(f"unexpected character at {position} of the filter {text!r}")
        words.append(match.group(match.lastindex or 0))
        position = match.end()
    return _split_minus(words)


def _split_minus(words: list[str]) -> list[str]:
    """``-attributes`` is a negation, though a key may begin with a hyphen elsewhere."""
    split: list[str] = []
    for word in words:
        if word.startswith("-") and word[1:] in ("attributes", "hasPrefix", ""):
            split += ["NOT", word[1:]] if word[1:] else ["NOT"]
        else:
            split.append(word)
    return split


class _Parser:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._next = 0

    def _peek(self) -> str:
        return self._words[self._next] if self._next < len(self._words) else ""

    def _take(self, wanted: str | None = None) -> str:
        word = self._peek()
        if not word or (wanted is not None and word != wanted):
            raise FilterError(f"expected {wanted or 'more'} but found {word or 'the end'!r} in the filter")
        self._next += 1
        return word

    def expect_end(self) -> None:
        if self._peek():
            raise FilterError(
                f"unexpected {self._peek()!r} in the filter; AND and OR need parentheses where both are used"
            )

    def expression(self) -> Matcher:
        terms = [self._term()]
        operator = self._peek()
        if operator not in ("AND", "OR"):
            return terms[0]
        while self._peek() == operator:
            self._take()
            terms.append(self._term())
        combine = all if operator == "AND" else any
        return lambda attributes: combine(term(attributes) for term in terms)

    def _term(self) -> Matcher:
        word = self._take()
        if word == "NOT":
            negated = self._term()
            return lambda attributes: not negated(attributes)
        if word == "(":
            inner = self.expression()
            self._take(")")
            return inner
        if word == "hasPrefix":
            return self._prefix()
        if word == "attributes":
            return self._comparison()
        raise FilterError(f"expected attributes, hasPrefix, NOT or ( but found {word!r} in the filter")

    def _prefix(self) -> Matcher:
        self._take("(")
        self._take("attributes")
        self._take(".")
        key = _unquoted(self._take())
        self._take(",")
        prefix = self._literal()
        self._take(")")
        return lambda attributes: attributes.get(key, "").startswith(prefix) and key in attributes

    def _comparison(self) -> Matcher:
        if self._peek() == ":":
            self._take()
            key = _unquoted(self._take())
            return lambda attributes: key in attributes
        self._take(".")
        key = _unquoted(self._take())
        operator = self._take()
        value = self._literal()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        if operator == "!=":
            return lambda attributes: attributes.get(key) != value
        raise FilterError(f"expected = or != but found {operator!r} in the filter")

    def _literal(self) -> str:
        word = self._take()
        if not word.startswith('"'):
            raise FilterError(f"expected a text in quotes but found {word!r} in the filter")
        return _unquoted(word)


def _unquoted(word: str) -> str:
    if word in "=:.,()!=":
        raise FilterError(f"expected a key but found {word!r} in the filter")
    if not word.startswith('"'):
        return word
    try:
        return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-7]{3}|.)", _unescaped, word[1:-1], flags=re.DOTALL)
    except ValueError as error:
        raise FilterError(f"the text {word} in the filter has an escape that is none") from error


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    if len(code) == 3:
        return chr(int(code, 8))
    return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)
