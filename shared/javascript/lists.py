"""Which methods have lists, objects and Sets? Those of JavaScript, and some that n8n adds.

What changes a list in place (``sort``, ``reverse``) does so here: an expression has its values for itself.
https://tc39.es/ecma262/#sec-properties-of-the-array-prototype-object,
https://docs.n8n.io/code/builtin/data-transformation-functions/arrays/
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shared.javascript import numbers, values
from shared.javascript.budget import Budget
from shared.javascript.texts import position
from shared.javascript.values import UNDEFINED, Collection, Thrown, Value, at

Given = Sequence[Value]
Items = list[Value]


def _each(items: Items, given: Given, run: Budget) -> Iterator[tuple[Value, Value]]:
    """Each element with what the function says of it."""
    call = values.called(given, 0)
    for number, one in enumerate(list(items)):
        run.step()
        yield one, call([one, number, items])


def _first(items: Items, given: Given, run: Budget) -> tuple[int, Value]:
    for number, (one, said) in enumerate(_each(items, given, run)):
        if values.truth(said):
            return number, one
    return -1, UNDEFINED


def _last(items: Items, given: Given, run: Budget) -> tuple[int, Value]:
    call = values.called(given, 0)
    for number, one in reversed(list(enumerate(items))):
        run.step()
        if values.truth(call([one, number, items])):
            return number, one
    return -1, UNDEFINED


def _map(items: Items, given: Given, run: Budget) -> Items:
    found = [said for _, said in _each(items, given, run)]
    run.grown(len(found))
    return found


def _flat_map(items: Items, given: Given, run: Budget) -> Items:
    return _flat(_map(items, given, run), [1], run)


def _flat(items: Items, given: Given, run: Budget) -> Items:
    depth = 1 if at(given, 0) is UNDEFINED else values.whole(given[0], run)
    found: Items = []
    with run.deeper():
        for one in items:
            if isinstance(one, list) and depth > 0:
                found += _flat(one, [depth - 1], run)
            else:
                found.append(one)
            run.step(1 + len(found) // 10_000)
    run.grown(len(found))
    return found


def _filter(items: Items, given: Given, run: Budget) -> Items:
    found = [one for one, said in _each(items, given, run) if values.truth(said)]
    run.grown(len(found))
    return found


def _for_each(items: Items, given: Given, run: Budget) -> Value:
    for _ in _each(items, given, run):
        pass
    return UNDEFINED


def _reduce(backwards: bool) -> Callable[..., Value]:
    def reduce(items: Items, given: Given, run: Budget) -> Value:
        call, left = values.called(given, 0), list(enumerate(items))
        left = left[::-1] if backwards else left
        if len(given) > 1:
            found = given[1]
        elif left:
            found = left.pop(0)[1]
        else:
            raise Thrown("there is nothing to reduce")
        for number, one in left:
            run.step()
            found = call([found, one, number, items])
        return found

    return reduce


def in_order(items: Items, given: Given, run: Budget) -> Items:
    """Stable, what is undefined last; without a function by the texts of the elements, by their units. A function
    that changes the list changes nothing of what is sorted."""
    there = [one for one in items if one is not UNDEFINED]
    missing = len(items) - len(there)
    run.grown(len(items))
    if at(given, 0) is UNDEFINED:
        texts = [(values.text(one, run), one) for one in there]
        run.step(len(texts) * len(texts).bit_length() // 8)
        found = [one for _, one in sorted(texts, key=lambda pair: pair[0])]
    else:
        call = values.called(given, 0)

        def compared(a: Value, b: Value) -> int:
            run.step()
            said = values.number(call([a, b]), run)
            return (said > 0) - (said < 0)  # NaN is neither

        found = sorted(there, key=functools.cmp_to_key(compared))
    return [*found, *[UNDEFINED] * missing]


def _sort(items: Items, given: Given, run: Budget) -> Items:
    found = in_order(items, given, run)
    items[: len(found)] = found
    return items


def _reverse(items: Items, given: Given, run: Budget) -> Items:
    run.grown(len(items))
    items.reverse()
    return items


def _join(items: Items, given: Given, run: Budget) -> str:
    by = "," if at(given, 0) is UNDEFINED else values.text(given[0], run)
    with run.deeper():
        parts = ["" if values.is_nothing(one) else values.text(one, run) for one in items]
    run.sized(sum(map(len, parts)) + len(by) * len(parts))
    return run.made(by.join(parts))


def _slice(items: Items, given: Given, run: Budget) -> Items:
    start = position(at(given, 0), len(items), run, missing=0)
    found = items[start : position(at(given, 1), len(items), run, missing=len(items))]
    run.grown(len(found))
    return found


def _concat(items: Items, given: Given, run: Budget) -> Items:
    found = list(items)
    for one in given:
        more: Items = one if isinstance(one, list) else [one]
        run.grown(len(found) + len(more))
        found += more
    run.grown(len(found))
    return found


def _at(items: Items, given: Given, run: Budget) -> Value:
    place = values.whole(at(given, 0), run)
    place += len(items) if place < 0 else 0
    return items[place] if 0 <= place < len(items) else UNDEFINED


def _index_of(items: Items, given: Given, run: Budget) -> int:
    run.step(1 + len(items) // 4)
    start = position(at(given, 1), len(items), run, missing=0)
    return next((n for n in range(start, len(items)) if values.is_same(items[n], at(given, 0))), -1)


def _last_index_of(items: Items, given: Given, run: Budget) -> int:
    run.step(1 + len(items) // 4)
    return next((n for n in reversed(range(len(items))) if values.is_same(items[n], at(given, 0))), -1)


def _includes(items: Items, given: Given, run: Budget) -> bool:
    run.step(1 + len(items) // 4)
    wanted = values.identity(at(given, 0))
    return any(values.identity(one) == wanted for one in items)


def _fill(items: Items, given: Given, run: Budget) -> Items:
    start = position(at(given, 1), len(items), run, missing=0)
    end = position(at(given, 2), len(items), run, missing=len(items))
    for number in range(start, end):
        run.step()
        items[number] = at(given, 0)
    return items


def _sum(items: Items, run: Budget) -> Any:
    return numbers.plain(sum((values.number(one, run) for one in items), 0))


def _unique(items: Items, given: Given, run: Budget) -> Items:
    if given:
        raise Thrown("unique() by fields is not known")
    found: dict[str, Value] = {}
    from shared.javascript import writing

    for one in items:
        found.setdefault(f"{values.kind(one)} {writing.json_text(one, run)}", one)
    return list(found.values())


LISTS: Mapping[str, Callable[..., Value]] = {
    "at": _at,
    "concat": _concat,
    "every": lambda i, g, run: all(values.truth(said) for _, said in _each(i, g, run)),
    "fill": _fill,
    "filter": _filter,
    "find": lambda i, g, run: _first(i, g, run)[1],
    "findIndex": lambda i, g, run: _first(i, g, run)[0],
    "findLast": lambda i, g, run: _last(i, g, run)[1],
    "findLastIndex": lambda i, g, run: _last(i, g, run)[0],
    "flat": _flat,
    "flatMap": _flat_map,
    "forEach": _for_each,
    "includes": _includes,
    "indexOf": _index_of,
    "join": _join,
    "lastIndexOf": _last_index_of,
    "map": _map,
    "reduce": _reduce(backwards=False),
    "reduceRight": _reduce(backwards=True),
    "reverse": _reverse,
    "slice": _slice,
    "some": lambda i, g, run: any(values.truth(said) for _, said in _each(i, g, run)),
    "sort": _sort,
    "toReversed": lambda i, g, run: _reverse(list(i), g, run),
    "toSorted": in_order,
    "toString": lambda i, g, run: values.text(i, run),
    "isEmpty": lambda i, g, run: not i,
    "isNotEmpty": lambda i, g, run: bool(i),
    "first": lambda i, g, run: i[0] if i else UNDEFINED,
    "last": lambda i, g, run: i[-1] if i else UNDEFINED,
    "sum": lambda i, g, run: _sum(i, run),
    "average": lambda i, g, run: numbers.quotient(_sum(i, run), len(i)) if i else 0,
    "unique": _unique,
    "removeDuplicates": _unique,
    "compact": lambda i, g, run: [one for one in i if not values.is_nothing(one) and one not in ("", [], {})],
}


def _own(holder: Any, given: Given, run: Budget) -> bool:
    return values.key(at(given, 0), run) in holder


OBJECTS: Mapping[str, Callable[..., Value]] = {
    "hasOwnProperty": _own,
    "hasField": _own,
    "toString": lambda o, g, run: values.text(o, run),
    "isEmpty": lambda o, g, run: not o,
    "isNotEmpty": lambda o, g, run: bool(o),
    "keys": lambda o, g, run: [name for name, _ in values.entries(o, run)],
    "values": lambda o, g, run: [held for _, held in values.entries(o, run)],
}


def _has(holder: Collection, given: Given, run: Budget) -> bool:
    return values.identity(at(given, 0)) in holder.items


SETS: Mapping[str, Callable[..., Value]] = {
    "has": _has,
    "values": lambda s, g, run: values.iterated(s, run),
    "keys": lambda s, g, run: values.iterated(s, run),
}
