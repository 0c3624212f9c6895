"""What do the functions say in Jinja2 that JavaScript and n8n have beside those of values, as ``$if()``?

https://docs.n8n.io/code/builtin/convenience/
"""

from shared.interop import n8n_functions as functions
from shared.interop.n8n_names import Ask, Names
from shared.interop.n8n_terms import Term, Untranslated, number, repeated, text, truth

SPACES = frozenset({"Math", "Object", "JSON", "Array", "Number", "$workflow"})
"""Names in which functions are."""
_ANY = -1
_COUNTS = {
    "parseInt": 1, "parseFloat": 1, "Number": 1, "String": 1, "Boolean": 1, "isNaN": 1, "Number.isNaN": 1,
    "encodeURIComponent": 1, "Object.keys": 1, "Object.values": 1, "Object.entries": 1, "JSON.stringify": 1,
    "JSON.parse": 1, "Array.isArray": 1, "$if": 3, "$ifEmpty": 2, "$min": _ANY, "$max": _ANY,
}  # fmt: skip


def called(name: str, given: list[Term], names: Names) -> Term:
    """A call of a function, by its name."""
    space, _, word = name.rpartition(".")
    if space == "Math":
        return _math(word, given)
    count = _COUNTS.get(name)
    if count is None:
        raise Untranslated(f"{name}() has no counterpart")
    if len(given) != count and not (count == _ANY and given):
        raise Untranslated(f"{name}() takes {count} arguments here")
    one = given[0]
    match name:
        case "parseInt" | "parseFloat":
            return Term(f"({one.jinja}|{name.removeprefix('parse').lower()})", is_number=True)
        case "Number":
            return Term(number(one), is_number=True)
        case "String":
            return Term(text(one), is_text=True)
        case "Boolean":
            return Term(truth(one), is_truth=True)
        case "encodeURIComponent":
            return functions.encoded(one)
        case "JSON.stringify":
            return Term(f"({one.jinja}|tojson)", is_text=True)
        case "JSON.parse":
            return Term(names.ask(Ask(block_type="JSON_DECODER", texts={"json_str": text(one)}, pin="data")))
        case "Array.isArray":
            it = repeated(one)
            return Term(f"({it} is sequence and {it} is not string and {it} is not mapping)", is_truth=True)
        case "$if":
            return functions.chosen(*given)
        case "$ifEmpty":
            return Term(f"({given[1].jinja} if {repeated(one)} in [none, '', [], {{}}] else {one.jinja})")
        case "$min" | "$max":
            return _math(name[1:], given)
        case "Object.keys" | "Object.values":
            return Term(f"(({one.jinja} or {{}}).{word}()|list)")
        case "Object.entries":
            return Term(f"(({one.jinja} or {{}}).items()|map('list')|list)")
        case _:
            it = repeated(one)
            return Term(f"({it} is not number and ({it}|float('no')) == 'no')", is_truth=True)


def _math(word: str, given: list[Term]) -> Term:
    write = functions.MATH.get(word)
    if write is None:
        raise Untranslated(f"Math.{word}() has no counterpart")
    if not given or (word not in ("max", "min") and len(given) != functions.COUNTS.get(word, 1)):
        raise Untranslated(f"Math.{word}() is given {len(given)} arguments")
    return Term(write(given), is_number=True)
