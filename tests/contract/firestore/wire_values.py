"""How is a Python value written on Firestore's wire? For tests that speak its messages."""

from typing import Any

from google.cloud.firestore_v1 import types


def value_of(value: Any) -> types.Value:
    match value:
        case types.Value():
            return value
        case None:
            return types.Value(null_value=0)
        case bool():
            return types.Value(boolean_value=value)
        case int():
            return types.Value(integer_value=value)
        case float():
            return types.Value(double_value=value)
        case str():
            return types.Value(string_value=value)
        case bytes():
            return types.Value(bytes_value=value)
        case list() | tuple() | range():
            return types.Value(array_value={"values": [value_of(one) for one in value]})
        case dict():
            return types.Value(map_value={"fields": {key: value_of(one) for key, one in value.items()}})
        case _:
            raise TypeError(f"no Value for {value!r}")
