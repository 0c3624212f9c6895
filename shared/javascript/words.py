"""Of which words does an expression consist? Texts, numbers, names and signs, each with where it stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from shared.javascript.tree import Unsupported

MAX_CODE = 20_000

Kind = Literal["number", "name", "text", "template", "sign", "end"]

_BLANK = re.compile(r"(?:[\s\ufeff]|//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/)*")
_NUMBER = (
    r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+"
    r"|(?:(?:0|[1-9](?:_?\d)*)(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d+)?"
)
_NAME = r"[^\W\d][\w$]*|\$[\w$]*"
_SIGN = (
    r"\.\.\.|===|!==|\*\*=|\?\?=|\|\|=|&&=|>>>=|>>>|<<=|>>=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\*\*|\+\+|--"
    r"|\+=|-=|\*=|/=|%=|<<|>>|[-+*/%<>!?:.,;()\[\]{}=&|^~]"
)
_TEXT = r"'(?:[^'\\\n\r]|\\[\s\S])*'|\"(?:[^\"\\\n\r]|\\[\s\S])*\""
_WORD = re.compile(f"(?P<number>{_NUMBER})|(?P<name>{_NAME})|(?P<text>{_TEXT})|(?P<sign>{_SIGN})")
_BEGINS_NAME = re.compile(r"[\w$]")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


@dataclass(frozen=True, slots=True)
class Word:
    """``text``: of a sign, name or number as it is written; of a text what it says. ``parts``: of a template the
    texts and, where their code begins and ends, the expressions between."""

    kind: Kind
    text: str
    start: int
    end: int
    parts: Sequence[str | tuple[int, int]] = ()


def words(code: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Those between ``start`` and ``end``, and one of the kind ``end``."""
    stop = len(code) if end is None else end
    if stop - start > MAX_CODE:
        raise Unsupported(f"it has more than {MAX_CODE:,} characters")
    found: list[Word] = []
    position = _blank(code, start, stop)
    while position < stop:
        word = _word(code, position, stop)
        if word.end > stop:
            raise Unsupported("it ends too early")
        found.append(word)
        position = _blank(code, word.end, stop)
    return [*found, Word("end", "", stop, stop)]


def _blank(code: str, position: int, stop: int) -> int:
    match = _BLANK.match(code, position, stop)
    end = match.end() if match else position
    if code.startswith("/*", end):
        raise Unsupported("a comment has no end")
    return end


def _word(code: str, position: int, stop: int) -> Word:
    sign = code[position]
    if sign == "`":
        return _template(code, position, stop)
    match = _WORD.match(code, position, stop)
    kind = cast(Kind, match.lastgroup) if match else None
    if match is None or kind is None or (kind == "number" and _BEGINS_NAME.match(code, match.end())):
        raise Unsupported(f"{code[position : position + 20]!r} is not understood")
    text = match[0]
    return Word(kind, unescaped(text[1:-1]) if kind == "text" else text, position, match.end())


def _template(code: str, start: int, stop: int) -> Word:
    parts: list[str | tuple[int, int]] = []
    position = text_from = start + 1
    while position < stop:
        if code[position] == "\\":
            position += 2
        elif code[position] == "`":
            parts.append(unescaped(code[text_from:position].replace("\r\n", "\n")))
            return Word("template", code[start : position + 1], start, position + 1, parts)
        elif code.startswith("${", position):
            parts.append(unescaped(code[text_from:position].replace("\r\n", "\n")))
            closing = _closing(code, position + 2, stop)
            parts.append((position + 2, closing))
            position = text_from = closing + 1
        else:
            position += 1
    raise Unsupported("a text has no end")


def _closing(code: str, start: int, stop: int) -> int:
    """Where the brace closes that an expression in a template stands in."""
    depth = 0
    position = _blank(code, start, stop)
    while position < stop:
        word = _word(code, position, stop)
        if word.text == "}" and word.kind == "sign":
            if depth == 0:
                return position
            depth -= 1
        elif word.text == "{" and word.kind == "sign":
            depth += 1
        position = _blank(code, word.end, stop)
    raise Unsupported("a text has no end")


def unescaped(plain: str) -> str:
    """What a text says, of what stands between its quotes."""

    def one(match: re.Match[str]) -> str:
        said = match[1]
        if said[0] in "ux" and len(said) > 1:
            number = int(said[1:].strip("{}"), 16)
            if number > 0x10FFFF:
                raise Unsupported(f"\\{said} is no character")
            return chr(number)
        if said[0] in "ux" or said[0] in "123456789":
            raise Unsupported(f"\\{said} is not understood")
        return _ESCAPES.get(said, said)

    return _ESCAPE.sub(one, plain)


def number(written: str) -> int | float:
    """What a number says."""
    plain = written.replace("_", "")
    if plain[:2].lower() in ("0x", "0b", "0o"):
        whole = int(plain, 0)
        return whole if whole <= 2**53 else float(whole)
    if plain.isdecimal() and len(plain) <= 15:
        return int(plain)
    value = float(plain)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value
