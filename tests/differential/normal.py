"""How is a response told, so that those of two servers are equal when they mean the same?"""

import math
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

_RECENT = 1_700_000_000
"""Seconds; a time after this one is the server's, as no random document holds one."""


class Times:
    """The times that one server has given to its writes, by order of appearance."""

    def __init__(self, documents: str) -> None:
        self._documents = documents
        self._names: dict[tuple[int, int], str] = {}
        self._versions: dict[str, Timestamp] = {}

    def name(self, time: Timestamp) -> str:
        """``t0`` for the first that was seen, and so on."""
        return self._names.setdefault((time.seconds, time.nanos), f"t{len(self._names)}")

    def version(self, name: str) -> Any:
        """The update time of a document that a client has seen, or one that none has."""
        return self._versions.get(name, {"seconds": 1})

    def see(self, document: Any) -> None:
        """A client has seen a document."""
        self._versions[document.name] = document.update_time

    def learn(self, response: Any, request: Any) -> None:
        """A client has written documents."""
        if hasattr(response, "update_time"):
            self.see(response)
            return
        for write, result in zip(request["writes"], response.write_results, strict=False):
            if "update" in write and result.HasField("update_time"):
                self._versions[self._documents + write["update"]["name"][1:]] = result.update_time

    def short(self, name: str) -> str:
        return name.replace(self._documents, "~")


def plain(method: str, responses: list[Any], times: Times) -> Any:
    """What the responses of a call say."""
    match method:
        case "GetDocument" | "CreateDocument" | "UpdateDocument":
            return document(responses[0], times)
        case "Commit" | "BatchWrite":
            return _written(responses[0], times)
        case "ListDocuments":
            listed = [document(one, times) for one in responses[0].documents]
            return listed, responses[0].next_page_token
        case "ListCollectionIds":
            return list(responses[0].collection_ids), responses[0].next_page_token
        case "BatchGetDocuments":
            found = [document(one.found, times) for one in responses if one.HasField("found")]
            return sorted(found, key=str), sorted(times.short(one.missing) for one in responses if one.missing)
        case "RunQuery":
            results = [document(one.document, times) for one in responses if one.HasField("document")]
            return results, sum(one.skipped_results for one in responses)
        case "RunAggregationQuery":
            fields = responses[0].result.aggregate_fields
            return {alias: value(fields[alias], times) for alias in sorted(fields)}
        case _:
            return None


def _written(response: Any, times: Times) -> Any:
    results = [
        (
            times.name(result.update_time) if result.HasField("update_time") else None,
            [value(one, times) for one in result.transform_results],
        )
        for result in response.write_results
    ]
    return results, [status.code for status in getattr(response, "status", ())]


def document(message: Any, times: Times) -> Any:
    """A document: its name, fields and times."""
    if message.HasField("update_time"):
        times.see(message)
    created = times.name(message.create_time) if message.HasField("create_time") else None
    updated = times.name(message.update_time) if created else None  # Google's emulator has one for what is missing
    fields = {name: value(message.fields[name], times) for name in sorted(message.fields)}
    return times.short(message.name), fields, created, updated


def value(message: Any, times: Times) -> Any:
    """A Value as its type and its content; a time of the server's as such."""
    kind = message.WhichOneof("value_type")
    match kind:
        case "array_value":
            return [value(one, times) for one in message.array_value.values]
        case "map_value":
            fields = message.map_value.fields
            return {name: value(fields[name], times) for name in sorted(fields)}
        case "double_value":
            number = message.double_value
            return kind, str(number) if number == 0 or math.isnan(number) else number
        case "timestamp_value":
            time = message.timestamp_value
            return kind, "server" if time.seconds > _RECENT else (time.seconds, time.nanos)
        case "geo_point_value":
            return kind, message.geo_point_value.latitude, message.geo_point_value.longitude
        case "reference_value":
            return kind, times.short(message.reference_value)
        case _:
            return kind, getattr(message, kind) if kind else None


def snapshot(targets: dict[int, Any], times: Times) -> Any:
    """The documents of each target, in the order of their names."""
    return {
        target: [document(type(found).pb(found), times) for _, found in sorted(documents.items())]
        for target, documents in sorted(targets.items())
        if target != 1
    }
