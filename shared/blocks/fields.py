"""Which blocks set, name, choose and nest the fields of dictionaries?"""

from collections.abc import Iterator
from typing import Any, cast

from pydantic import Field

from shared.blocks import bounds, rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

Record = dict[str, Any]
Records = list[Record]
MAX_DEPTH = 100


class SetFieldsBlock(Block):
    block_type = "SET_FIELDS"
    category = "DICTIONARIES"
    description = "Sets fields of a dictionary, also those within others, and may leave out all that are not set."
    pure = True
    examples = [
        Example(
            title="A field within another",
            input={"dictionary": {"a": 1}, "fields": {"b.c": 2}},
            output=[("dictionary", {"a": 1, "b": {"c": 2}})],
        ),
        Example(
            title="These alone",
            input={"dictionary": {"a": 1}, "fields": {"b": 2}, "keep_others": False},
            output=[("dictionary", {"b": 2})],
        ),
        Example(title="No place", input={"dictionary": {"a": 1}, "fields": {"a.b": 2}}, fails="is no dictionary"),
    ]

    class Input(BlockInput):
        dictionary: Record = Field(default_factory=dict[str, Any], description="The dictionary.")
        fields: Record = Field(description="Field, like customer.city -> value.")
        keep_others: bool = Field(default=True, description="Whether its other fields stay.")

    class Output(BlockOutput):
        dictionary: Record = Field(description="The dictionary with the fields.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        made: Record = dict(input.dictionary) if input.keep_others else {}
        for path, value in input.fields.items():
            put(made, path.split("."), value)
        yield "dictionary", made


def put(whole: Record, path: list[str], value: Any) -> None:
    """Set what stands at ``path`` in ``whole``; dictionaries on the way are made, or copied."""
    if len(path) > MAX_DEPTH:
        raise errors.BlockError(f"A field lies at most {MAX_DEPTH} deep", reason="LIMIT_EXCEEDED")
    for part in path[:-1]:
        inner = whole.get(part, {})
        if not isinstance(inner, dict):
            raise errors.BlockError(f"{'.'.join(path)} cannot be set: {part} is no dictionary")
        whole[part] = whole = dict(cast(Record, inner))
    whole[path[-1]] = value


class RenameKeysBlock(Block):
    block_type = "RENAME_KEYS"
    category = "DICTIONARIES"
    description = "Gives keys of a dictionary, or of each in a list, other names."
    pure = True
    examples = [
        Example(
            title="One", input={"data": {"a": 1, "b": 2}, "names": {"a": "x"}}, output=[("data", {"x": 1, "b": 2})]
        ),
        Example(
            title="In every record",
            input={"data": [{"a": 1}, {"b": 2}], "names": {"a": "x"}},
            output=[("data", [{"x": 1}, {"b": 2}])],
        ),
    ]

    class Input(BlockInput):
        data: Record | Records = Field(description="A dictionary, or a list of them.")
        names: dict[str, str] = Field(description="Old name -> new name.")

    class Output(BlockOutput):
        data: Any = Field(description="The same with the new names, in the same order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        def renamed(one: Record) -> Record:
            return {input.names.get(key, key): value for key, value in one.items()}

        yield "data", [renamed(one) for one in input.data] if isinstance(input.data, list) else renamed(input.data)


class PickKeysBlock(Block):
    block_type = "PICK_KEYS"
    category = "DICTIONARIES"
    description = "Keeps some keys of a dictionary, or of each in a list, or leaves them out."
    pure = True
    examples = [
        Example(title="These", input={"data": {"a": 1, "b": 2}, "keys": ["a", "x"]}, output=[("data", {"a": 1})]),
        Example(
            title="All but these",
            input={"data": [{"a": 1, "b": 2}], "keys": ["a"], "omit": True},
            output=[("data", [{"b": 2}])],
        ),
    ]

    class Input(BlockInput):
        data: Record | Records = Field(description="A dictionary, or a list of them.")
        keys: list[str] = Field(description="The keys.")
        omit: bool = Field(default=False, description="Whether these are left out, and not kept.")

    class Output(BlockOutput):
        data: Any = Field(description="The same with fewer keys.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        keys = set(input.keys)

        def picked(one: Record) -> Record:
            return {key: value for key, value in one.items() if (key in keys) != input.omit}

        yield "data", [picked(one) for one in input.data] if isinstance(input.data, list) else picked(input.data)


class MergeDictionariesBlock(Block):
    block_type = "MERGE_DICTIONARIES"
    category = "DICTIONARIES"
    description = (
        "Puts dictionaries together; of equal keys the last counts, or dictionaries under them are merged too."
    )
    pure = True
    examples = [
        Example(
            title="The last counts",
            input={"dictionaries": [{"a": 1, "b": {"x": 1}}, {"b": {"y": 2}}]},
            output=[("merged", {"a": 1, "b": {"y": 2}})],
        ),
        Example(
            title="Within too",
            input={"dictionaries": [{"b": {"x": 1}}, {"b": {"y": 2}}], "deep": True},
            output=[("merged", {"b": {"x": 1, "y": 2}})],
        ),
    ]

    class Input(BlockInput):
        dictionaries: Records = Field(description="The dictionaries, in order.")
        deep: bool = Field(default=False, description="Whether what is under equal keys is merged too.")

    class Output(BlockOutput):
        merged: Record = Field(description="All of them.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        merged: Record = {}
        for one in input.dictionaries:
            merged = _merged(merged, one, 0) if input.deep else {**merged, **one}
        yield "merged", merged


def _merged(one: Record, other: Record, depth: int) -> Record:
    made = dict(one)
    for key, value in other.items():
        here = made.get(key)
        both = isinstance(here, dict) and isinstance(value, dict) and depth < MAX_DEPTH
        made[key] = _merged(cast(Record, here), cast(Record, value), depth + 1) if both else value
    return made


class FlattenDictionaryBlock(Block):
    block_type = "FLATTEN_DICTIONARY"
    category = "DICTIONARIES"
    description = "Turns what is nested in a dictionary into fields of one level, like a.b.0."
    pure = True
    examples = [
        Example(
            title="All levels",
            input={"dictionary": {"a": {"b": [1, {"c": 2}]}, "d": {}}},
            output=[("flat", {"a.b.0": 1, "a.b.1.c": 2, "d": {}})],
        ),
        Example(
            title="Lists as they are",
            input={"dictionary": {"a": {"b": [1]}}, "separator": "_", "lists": False},
            output=[("flat", {"a_b": [1]})],
        ),
    ]

    class Input(BlockInput):
        dictionary: Record = Field(description="The dictionary.")
        separator: str = Field(default=".", min_length=1, max_length=10, description="Stands between the names.")
        lists: bool = Field(default=True, description="Whether lists are flattened too.")

    class Output(BlockOutput):
        flat: Record = Field(description="The fields, in order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        flat: Record = {}
        characters = 0
        waiting: list[tuple[str, Any]] = [("", input.dictionary)]
        while waiting:
            name, value = waiting.pop()
            entries: list[tuple[Any, Any]] = []
            if isinstance(value, dict):
                entries = list(cast(Record, value).items())
            elif isinstance(value, list) and input.lists:
                entries = list(enumerate(cast(list[Any], value)))
            if not entries and name:
                characters += len(name)
                bounds.check_characters(characters, "The names of the fields")
                flat[name] = value
            waiting += [
                (f"{name}{input.separator}{key}" if name else str(key), one) for key, one in reversed(entries)
            ]
        yield "flat", flat


class UnflattenDictionaryBlock(Block):
    block_type = "UNFLATTEN_DICTIONARY"
    category = "DICTIONARIES"
    description = "Turns fields like a.b into dictionaries within dictionaries."
    pure = True
    examples = [
        Example(
            title="Two levels",
            input={"flat": {"a.b": 1, "a.c": 2, "d": 3}},
            output=[("dictionary", {"a": {"b": 1, "c": 2}, "d": 3})],
        ),
        Example(title="No place", input={"flat": {"a": 1, "a.b": 2}}, fails="is no dictionary"),
    ]

    class Input(BlockInput):
        flat: Record = Field(description="The fields.")
        separator: str = Field(default=".", min_length=1, max_length=10, description="Stands between the names.")

    class Output(BlockOutput):
        dictionary: Record = Field(description="The dictionary.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        made: Record = {}
        for name, value in input.flat.items():
            put(made, name.split(input.separator), value)
        yield "dictionary", made


class DictionaryToListBlock(Block):
    block_type = "DICTIONARY_TO_LIST"
    category = "DICTIONARIES"
    description = "Gives the keys, the values and the entries of a dictionary as lists."
    pure = True
    examples = [
        Example(
            title="Two entries",
            input={"dictionary": {"a": 1, "b": 2}},
            output=[
                ("keys", ["a", "b"]),
                ("values", [1, 2]),
                ("entries", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
            ],
        ),
    ]

    class Input(BlockInput):
        dictionary: Record = Field(description="The dictionary.")

    class Output(BlockOutput):
        keys: list[str] = Field(description="The keys, in order.")
        values: list[Any] = Field(description="The values.")
        entries: Records = Field(description="Each entry: key and value.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "keys", list(input.dictionary)
        yield "values", list(input.dictionary.values())
        yield "entries", [{"key": key, "value": value} for key, value in input.dictionary.items()]


class ListToDictionaryBlock(Block):
    block_type = "LIST_TO_DICTIONARY"
    category = "DICTIONARIES"
    description = "Makes a dictionary of a list of records, by one of their fields; of equal keys the last counts."
    pure = True
    examples = [
        Example(
            title="Records by id",
            input={"list": [{"id": "a", "n": 1}, {"id": 2, "n": 2}], "key": "id"},
            output=[("dictionary", {"a": {"id": "a", "n": 1}, "2": {"id": 2, "n": 2}})],
        ),
        Example(
            title="A field of each",
            input={"list": [{"key": "a", "value": 1}], "key": "key", "value": "value"},
            output=[("dictionary", {"a": 1})],
        ),
        Example(title="No key", input={"list": [{"id": 1}, {}], "key": "id"}, fails="Element 1"),
    ]

    class Input(BlockInput):
        list: Records = Field(description="The records.")
        key: str = Field(description="The field that gives the key.")
        value: str = Field(default="", description="The field that gives the value; empty: the record.")

    class Output(BlockOutput):
        dictionary: Record = Field(description="Key -> value, in order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        made: Record = {}
        for position, one in enumerate(input.list):
            key, value = rules.at(one, input.key), rules.at(one, input.value)
            if key is rules.MISSING:
                raise errors.BlockError(f"Element {position} of the list has no field {input.key!r}")
            made[rules.as_text(key)] = None if value is rules.MISSING else value
        yield "dictionary", made
