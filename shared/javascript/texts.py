"""Which methods have texts and numbers? Those of JavaScript, and some that n8n adds.

https://tc39.es/ecma262/#sec-properties-of-the-string-prototype-object,
https://docs.n8n.io/code/builtin/data-transformation-functions/strings/
"""

import math
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.javascript import collating, numbers, units, values
from shared.javascript.budget import Budget
from shared.javascript.tree import Unsupported
from shared.javascript.values import UNDEFINED, Thrown, Value, at

Given = Sequence[Value]


def position(value: Value, size: int, run: Budget, *, missing: int) -> int:
    """A place from 0 to ``size``; below 0 it counts from the end."""
    if value is UNDEFINED:
        return missing
    found = values.whole(value, run)
    return max(0, size + found) if found < 0 else min(found, size)


def _plain(value: Value, size: int, run: Budget, missing: int) -> int:
    return missing if value is UNDEFINED else min(max(values.whole(value, run), 0), size)


def _slice(text: str, given: Given, run: Budget) -> str:
    start = position(at(given, 0), len(text), run, missing=0)
    return run.made(text[start : position(at(given, 1), len(text), run, missing=len(text))])


def _substring(text: str, given: Given, run: Budget) -> str:
    ends = [_plain(at(given, n), len(text), run, missing) for n, missing in ((0, 0), (1, len(text)))]
    return run.made(text[min(ends) : max(ends)])


def _substr(text: str, given: Given, run: Budget) -> str:
    start = position(at(given, 0), len(text), run, missing=0)
    count = len(text) if at(given, 1) is UNDEFINED else max(0, values.whole(given[1], run))
    return run.made(text[start : start + count])


def _char_at(text: str, given: Given, run: Budget) -> str:
    place = values.whole(at(given, 0), run)
    return text[place] if 0 <= place < len(text) else ""


def _code_at(text: str, given: Given, run: Budget) -> Value:
    found = _char_at(text, given, run)
    return ord(found) if found else math.nan


def _at(text: str, given: Given, run: Budget) -> Value:
    place = values.whole(at(given, 0), run)
    place += len(text) if place < 0 else 0
    return text[place] if 0 <= place < len(text) else UNDEFINED


def _split(text: str, given: Given, run: Budget) -> list[Value]:
    if at(given, 0) is UNDEFINED:
        return [text]
    by = values.text(given[0], run)
    run.grown(text.count(by) + 1)
    found: list[Value] = list(text) if by == "" else list(text.split(by))
    return found if at(given, 1) is UNDEFINED else found[: values.whole(given[1], run) % 2**32]


def _replace(every: bool) -> Callable[..., Value]:
    def replace(text: str, given: Given, run: Budget) -> str:
        old = values.text(at(given, 0), run)
        new = at(given, 1)
        if not isinstance(new, values.FunctionValue):
            written = values.text(new, run)
            if "$" in written:
                raise Unsupported("a replacement with $ has no counterpart")
            count = text.count(old) if every else 1
            run.sized(len(text) + count * len(written))
            return run.made(text.replace(old, written, -1 if every else 1))
        pieces, start = list[str](), 0
        while (found := text.find(old, start)) >= 0:
            run.step()
            pieces += [text[start:found], values.text(new.call([old, found, text]), run)]
            start = found + len(old)
            if not every:
                break
            if not old:
                raise Unsupported("replacing nothing by a function has no counterpart")
        run.sized(sum(map(len, pieces)) + len(text))
        return run.made("".join([*pieces, text[start:]]))

    return replace


def _repeat(text: str, given: Given, run: Budget) -> str:
    count = values.number(at(given, 0), run)
    if count < 0 or count == math.inf:
        raise Thrown("the count of repetitions is out of range")
    times = values.whole(count, run)
    run.sized(len(text) * times)
    return run.made(text * times)


def _pad(left: bool) -> Callable[..., Value]:
    def pad(text: str, given: Given, run: Budget) -> str:
        width = values.whole(at(given, 0), run)
        fill = " " if at(given, 1) is UNDEFINED else values.text(given[1], run)
        missing = width - len(text)
        if missing <= 0 or not fill:
            return text
        run.sized(width)
        more = (fill * (missing // len(fill) + 1))[:missing]
        return run.made(more + text if left else text + more)

    return pad


def _index_of(text: str, given: Given, run: Budget) -> int:
    start = _plain(at(given, 1), len(text), run, 0)
    return text.find(values.text(at(given, 0), run), start)


def _last_index_of(text: str, given: Given, run: Budget) -> int:
    return text.rfind(values.text(at(given, 0), run))


def _cased(change: Callable[[str], str]) -> Callable[..., Value]:
    return lambda text, given, run: run.made(units.split(change(units.joined(text))))


def _encoded(text: str, given: Given, run: Budget) -> str:
    if units.HALF.search(text):
        raise Thrown("half a character has no place in an address")
    run.sized(3 * len(text))
    return run.made(urllib.parse.quote(units.joined(text), safe="!'()*~"))


def _compared(text: str, given: Given, run: Budget) -> int:
    return collating.compared(text, values.text(at(given, 0), run), at(given, 1), at(given, 2), run)


def _title(text: str, given: Given, run: Budget) -> str:
    return run.made(" ".join(word[:1].upper() + word[1:] for word in text.split(" ")))


TEXTS: Mapping[str, Callable[..., Value]] = {
    "at": _at,
    "charAt": _char_at,
    "charCodeAt": _code_at,
    "concat": lambda t, g, run: run.made("".join([t, *(values.text(one, run) for one in g)])),
    "endsWith": lambda t, g, run: t.endswith(values.text(at(g, 0), run)),
    "includes": lambda t, g, run: values.text(at(g, 0), run) in t[_plain(at(g, 1), len(t), run, 0) :],
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "localeCompare": _compared,
    "padEnd": _pad(left=False),
    "padStart": _pad(left=True),
    "repeat": _repeat,
    "replace": _replace(every=False),
    "replaceAll": _replace(every=True),
    "slice": _slice,
    "split": _split,
    "startsWith": lambda t, g, run: t.startswith(values.text(at(g, 0), run), _plain(at(g, 1), len(t), run, 0)),
    "substr": _substr,
    "substring": _substring,
    "toLowerCase": _cased(str.lower),
    "toLocaleLowerCase": _cased(str.lower),
    "toLocaleUpperCase": _cased(str.upper),
    "toString": lambda t, g, run: t,
    "toUpperCase": _cased(str.upper),
    "trim": lambda t, g, run: run.made(t.strip(numbers.SPACES)),
    "trimEnd": lambda t, g, run: run.made(t.rstrip(numbers.SPACES)),
    "trimStart": lambda t, g, run: run.made(t.lstrip(numbers.SPACES)),
    "valueOf": lambda t, g, run: t,
    "isEmpty": lambda t, g, run: t == "",
    "isNotEmpty": lambda t, g, run: t != "",
    "toNumber": lambda t, g, run: numbers.of_text(t),
    "toInt": lambda t, g, run: numbers.leading_whole(t, 0),
    "toFloat": lambda t, g, run: numbers.leading(t),
    "toTitleCase": _title,
    "urlEncode": _encoded,
}


def _fixed(value: Any, given: Given, run: Budget) -> str:
    places = values.whole(at(given, 0), run)
    if not 0 <= places <= 100:
        raise Thrown("the count of digits is out of range")
    return numbers.fixed(value, places)


def _text(value: Any, given: Given, run: Budget) -> str:
    base = 10 if at(given, 0) is UNDEFINED else values.whole(given[0], run)
    if not 2 <= base <= 36:
        raise Thrown("the base is out of range")
    try:
        return numbers.text(value, base)
    except ValueError as error:
        raise Unsupported(f"{error} has no counterpart") from error


def _nearest(change: Callable[[Any], int]) -> Callable[..., Value]:
    return lambda n, g, run: numbers.plain(change(n)) if math.isfinite(n) else n


NUMBERS: Mapping[str, Callable[..., Value]] = {
    "toFixed": _fixed,
    "toString": _text,
    "valueOf": lambda n, g, run: n,
    "round": lambda n, g, run: numbers.rounded(n) if not g else values.number(_fixed(n, g, run), run),
    "floor": _nearest(math.floor),
    "ceil": _nearest(math.ceil),
    "abs": lambda n, g, run: abs(n),
    "isEmpty": lambda n, g, run: False,
    "toNumber": lambda n, g, run: n,
}
TRUTHS: Mapping[str, Callable[..., Value]] = {
    "toString": lambda b, g, run: values.text(b, run),
    "valueOf": lambda b, g, run: b,
    "toNumber": lambda b, g, run: int(b),
}
