"""Of which words does an expression of n8n consist? Texts, numbers, names, signs and patterns of JavaScript."""

import math
import re
from collections.abc import Sequence

from shared.interop.n8n_terms import Untranslated

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`)"
    r"|(?P<sign>\.\.\.|===|!==|\*\*|\?\.|\?\?|==|!=|<=|>=|=>|&&|\|\||[-+*/%<>!?:.,()\[\]{}]))"
)
_PATTERN = re.compile(r"/((?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/([a-z]*)")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

_OPENING = ("(", "[", "{")
_CLOSING = (")", "]", "}")

Token = tuple[str, str]
"""``number``, ``name``, ``text``, ``sign`` or ``pattern``, and how it is written."""


def tokens(code: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while position < len(code):
        kind = "pattern"
        match = _PATTERN.match(code, position) if _may_be_pattern(found) else None
        if match is None:
            match = _TOKEN.match(code, position)
            if match is None:
                raise Untranslated(f"{code[position : position + 20]!r} is not understood")
            kind = str(match.lastgroup)
        found.append((kind, match[0] if kind == "pattern" else match[kind]))
        position = match.end()
        while position < len(code) and code[position].isspace():
            position += 1
    return found


def _may_be_pattern(before: list[Token]) -> bool:
    """A slash after a value divides; elsewhere it begins a pattern."""
    if not before:
        return True
    kind, written = before[-1]
    return kind == "sign" and written not in (")", "]", "}")


def pattern(written: str) -> tuple[str, str]:
    """A pattern and its flags."""
    body, _, flags = written[1:].rpartition("/")
    return body, flags


def number(written: str) -> str:
    """A number as Jinja reads it."""
    if written[:2].lower() == "0x":
        return str(int(written, 16))
    if "e" in written.lower():
        plain = float(written)
        if not math.isfinite(plain):
            raise Untranslated(f"the number {written} has no counterpart")
        return str(int(plain)) if plain.is_integer() and abs(plain) < 1e15 else repr(plain)
    return f"0{written}" if written.startswith(".") else written.rstrip(".")


def unescaped(plain: str) -> str:
    """What a text says, of what stands between its quotes."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return _ESCAPE.sub(one, plain)


def parts(template: str) -> list[tuple[bool, str]]:
    """A template of n8n, cut at ``{{ }}``: whether a part is an expression, and the part. A ``}`` that closes an
    object, as in ``{{ {a: {b: 1}} }}``, ends nothing."""
    found: list[tuple[bool, str]] = []
    rest = template
    while rest:
        before, opened, after = rest.partition("{{")
        if before:
            found.append((False, before))
        if not opened:
            break
        end = _end(after)
        if end < 0:
            found.append((False, opened + after))
            break
        found.append((True, after[:end]))
        rest = after[end + 2 :]
    return found


def _end(code: str) -> int:
    """Where the ``}}`` is that ends an expression; -1: there is none. Else the first that there is counts."""
    depth, position = 0, 0
    while position < len(code):
        sign = code[position]
        if sign in "'\"`":
            closing = _closing(code, position)
            if closing < 0:
                break
            position = closing
        elif sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0 and code.startswith("}}", position):
                return position
            depth = max(0, depth - 1)
        position += 1
    return code.find("}}")


def _closing(code: str, start: int) -> int:
    position = start + 1
    while position < len(code):
        if code[position] == "\\":
            position += 1
        elif code[position] == code[start]:
            return position
        position += 1
    return -1


def operand(several: Sequence[Token], start: int) -> int | None:
    """Where what begins at ``start`` ends, with its properties, elements and calls; None: it does not."""
    at = start
    while several[at : at + 1] in ([("name", "typeof")], [("name", "new")]):
        at += 1
    end = _group(several, at) if several[at : at + 1] and several[at][1] in _OPENING else at + 1
    while end is not None and end < len(several) and several[end][0] == "sign":
        sign = several[end][1]
        if sign in ("[", "("):
            end = _group(several, end)
        elif sign in (".", "?.") and several[end + 1 : end + 2] and several[end + 1][0] == "name":
            end += 2
        elif sign == "?." and several[end + 1 : end + 2] and several[end + 1][1] in ("[", "("):
            end += 1
        else:
            break
    return end if end is not None and end <= len(several) else None


def _group(several: Sequence[Token], start: int) -> int | None:
    """After the sign that closes the one at ``start``."""
    depth = 0
    for position in range(start, len(several)):
        kind, written = several[position]
        if kind == "sign" and written in _OPENING:
            depth += 1
        elif kind == "sign" and written in _CLOSING:
            depth -= 1
            if depth == 0:
                return position + 1
    return None
