"""What is there beside the values of an expression? ``Math``, ``Object``, ``JSON`` and the like, and n8n's ``$if()``.

https://tc39.es/ecma262/#sec-global-object, https://docs.n8n.io/code/builtin/convenience/
"""

import math
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from shared.javascript import dates, lists, numbers, texts, units, values, writing
from shared.javascript.budget import Budget
from shared.javascript.members import Library, Methods
from shared.javascript.numbers import Number
from shared.javascript.tree import Unsupported
from shared.javascript.values import UNDEFINED, Collection, FunctionValue, Moment, Space, Thrown, Value, at

Given = Sequence[Value]
_TO_JSON: Methods = {"toJsonString": lambda held, given, run: writing.json_text(held, run)}


def library(run: Budget, zone: str) -> Library:
    """``zone``: of which place the clocks are. A change of what is in it would be seen by this expression alone."""
    return Library(
        names=_names(run, zone),
        methods={
            str: {**texts.TEXTS, **_TO_JSON},
            float: {**texts.NUMBERS, **_TO_JSON},
            bool: {**texts.TRUTHS, **_TO_JSON},
            list: {**lists.LISTS, **_TO_JSON},
            dict: {**lists.OBJECTS, **_TO_JSON},
            Collection: lists.SETS,
            Moment: dates.methods(zone),
        },
        makers={"Date": lambda given, run: _date(given, zone, run), "Set": _set},
    )


def _date(given: Given, zone: str, run: Budget) -> Moment:
    if len(given) != 1:
        raise Unsupported("a date of now, or of several numbers, has no counterpart")
    return dates.of(given[0], zone, run)


def _set(given: Given, run: Budget) -> Collection:
    several = at(given, 0)
    return values.collection([] if values.is_nothing(several) else values.iterated(several, run))


def _names(run: Budget, zone: str) -> Mapping[str, Value]:
    def function(name: str, call: Callable[[Given], Value]) -> FunctionValue:
        return FunctionValue(name, call)

    def space(name: str, held: Mapping[str, Callable[[Given], Value]], call: Any = None, **more: Value) -> Space:
        return Space(name, {**{one: function(one, write) for one, write in held.items()}, **more}, call)

    called = {
        "String": space("String", {}, lambda g: values.text(g[0], run) if g else ""),
        "Boolean": space("Boolean", {}, lambda g: values.truth(at(g, 0))),
        "Number": space("Number", _numbers(run), lambda g: values.number(g[0], run) if g else 0, **_LIMITS),
        "Math": space("Math", _math(run), PI=math.pi, E=math.e),
        "Object": space("Object", _objects(run)),
        "Array": space("Array", _arrays(run)),
        "JSON": space("JSON", {
            "stringify": lambda g: writing.stringified(g, run), "parse": lambda g: writing.parsed(g, run),
        }),
        "Date": space("Date", {"parse": lambda g: dates.parse(g, zone, run)}),
    }  # fmt: skip
    return {
        **called,
        **{name: function(name, write) for name, write in _functions(run).items()},
        "undefined": UNDEFINED,
        "NaN": math.nan,
        "Infinity": math.inf,
    }


_LIMITS = {"MAX_SAFE_INTEGER": 2**53 - 1, "MIN_SAFE_INTEGER": 1 - 2**53, "EPSILON": 2.0**-52}


def _functions(run: Budget) -> Mapping[str, Callable[[Given], Value]]:
    def parse_int(given: Given) -> Number:
        return numbers.leading_whole(values.text(at(given, 0), run), values.whole(at(given, 1), run))

    def is_empty(value: Value) -> bool:
        return values.is_nothing(value) or value == "" or (isinstance(value, list | dict) and not value)

    return {
        "parseInt": parse_int,
        "parseFloat": lambda g: numbers.leading(values.text(at(g, 0), run)),
        "isNaN": lambda g: math.isnan(values.number(at(g, 0), run)),
        "isFinite": lambda g: math.isfinite(values.number(at(g, 0), run)),
        "encodeURIComponent": lambda g: texts.TEXTS["urlEncode"](values.text(at(g, 0), run), (), run),
        "decodeURIComponent": lambda g: _decoded(values.text(at(g, 0), run), run),
        "$if": lambda g: at(g, 1) if values.truth(at(g, 0)) else at(g, 2),
        "$ifEmpty": lambda g: at(g, 1) if is_empty(at(g, 0)) else g[0],
        "$min": lambda g: _bound(g, run, least=True),
        "$max": lambda g: _bound(g, run, least=False),
    }


def _decoded(text: str, run: Budget) -> str:
    try:
        return run.made(units.split(urllib.parse.unquote(units.joined(text), errors="strict")))
    except ValueError as error:
        raise Thrown("the text is not encoded for an address") from error


def _numbers(run: Budget) -> Mapping[str, Callable[[Given], Value]]:
    def is_whole(value: Value) -> bool:
        return values.is_number(value) and math.isfinite(value) and value == math.floor(value)

    functions = _functions(run)
    return {
        "isNaN": lambda g: values.is_number(at(g, 0)) and math.isnan(g[0]),
        "isFinite": lambda g: values.is_number(at(g, 0)) and math.isfinite(g[0]),
        "isInteger": lambda g: is_whole(at(g, 0)),
        "isSafeInteger": lambda g: is_whole(at(g, 0)) and abs(g[0]) < 2**53,
        "parseInt": functions["parseInt"],
        "parseFloat": functions["parseFloat"],
    }


def _bound(given: Given, run: Budget, *, least: bool) -> Number:
    run.step(len(given))
    several = [values.number(one, run) for one in given]
    if any(math.isnan(one) for one in several):
        return math.nan
    return min(several, default=math.inf) if least else max(several, default=-math.inf)


def _math(run: Budget) -> Mapping[str, Callable[[Given], Value]]:
    def of_one(write: Callable[[Any], Value]) -> Callable[[Given], Value]:
        def call(given: Given) -> Value:
            value = values.number(at(given, 0), run)
            return numbers.plain(write(value)) if math.isfinite(value) else value

        return call

    return {
        "abs": lambda g: abs(values.number(at(g, 0), run)),
        "ceil": of_one(math.ceil),
        "floor": of_one(math.floor),
        "round": of_one(numbers.rounded),
        "trunc": of_one(math.trunc),
        "sign": of_one(lambda n: (n > 0) - (n < 0)),
        "sqrt": lambda g: numbers.power(values.number(at(g, 0), run), 0.5),
        "pow": lambda g: numbers.power(values.number(at(g, 0), run), values.number(at(g, 1), run)),
        "max": lambda g: _bound(g, run, least=False),
        "min": lambda g: _bound(g, run, least=True),
    }


def _objects(run: Budget) -> Mapping[str, Callable[[Given], Value]]:
    def entries(given: Given) -> list[tuple[str, Value]]:
        if values.is_nothing(at(given, 0)):
            raise Thrown(f"{values.text(at(given, 0), run)} has no properties")
        return values.entries(given[0], run)

    def from_entries(given: Given) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for one in values.iterated(at(given, 0), run):
            if not isinstance(one, list):
                raise Thrown("an entry is no list")
            pair = cast(list[Value], one)
            found[values.key(at(pair, 0), run)] = at(pair, 1)
        return found

    def assign(given: Given) -> Value:
        target = at(given, 0)
        if not isinstance(target, dict):
            raise Unsupported("Object.assign() to what is no object has no counterpart")
        found = cast(dict[str, Value], target)
        for one in given[1:]:
            copied = values.entries(one, run)
            if any(name == "__proto__" for name, _ in copied):
                raise Unsupported("an object with another prototype has no counterpart")
            found.update(copied)
        return found

    return {
        "keys": lambda g: [name for name, _ in entries(g)],
        "values": lambda g: [held for _, held in entries(g)],
        "entries": lambda g: [[name, held] for name, held in entries(g)],
        "fromEntries": from_entries,
        "assign": assign,
        "hasOwn": lambda g: values.key(at(g, 1), run) in dict(entries(g)),
    }


def _arrays(run: Budget) -> Mapping[str, Callable[[Given], Value]]:
    def from_(given: Given) -> list[Value]:
        source = at(given, 0)
        if isinstance(source, dict):
            count = values.whole(cast(dict[str, Value], source).get("length", 0), run)
            run.grown(count)
            found = [cast(dict[str, Value], source).get(str(number), UNDEFINED) for number in range(count)]
        else:
            found = [] if values.is_number(source) or isinstance(source, bool) else values.iterated(source, run)
        if at(given, 1) is UNDEFINED:
            return found
        call = values.called(given, 1)
        return [call([one, number]) for number, one in enumerate(found)]

    return {"isArray": lambda g: isinstance(at(g, 0), list), "of": list, "from": from_}
