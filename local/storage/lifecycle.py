"""Which objects does a bucket's lifecycle delete or move, and when?

https://cloud.google.com/storage/docs/lifecycle: conditions of a rule hold together; Delete wins over SetStorageClass.
Production takes a day or so to act; here it is a sweep at the start and each hour.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from local.storage import errors
from local.storage.objects import Objects
from local.storage.store import Record

SWEEP_SECONDS = 3600.0
ACTIONS = ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload")
CONDITIONS = (
    *("age", "createdBefore", "customTimeBefore", "daysSinceCustomTime", "daysSinceNoncurrentTime", "isLive"),
    *("matchesPrefix", "matchesStorageClass", "matchesSuffix", "numNewerVersions"),
)
_DAY = 86400.0


def check(lifecycle: Mapping[str, Any] | None) -> None:
    """StorageError: an action or a condition is none that is served here."""
    for rule in (lifecycle or {}).get("rule") or ():
        if rule.get("action", {}).get("type") not in ACTIONS:
            raise errors.invalid(f"lifecycle: action.type must be one of {', '.join(ACTIONS)}.")
        unknown = set(rule.get("condition", {})) - set(CONDITIONS)
        if unknown or not rule.get("condition"):
            raise errors.invalid(f"lifecycle: condition must be some of {', '.join(CONDITIONS)}.")


def sweep(objects: Objects, now: float) -> int:
    """Apply the rules of every bucket; how many objects and uploads were touched."""
    touched = 0
    for bucket in objects.store.list_buckets("", "", 1_000_000):
        rules = (bucket.get("lifecycle") or {}).get("rule") or ()
        if rules:
            touched += sum(
                _apply(objects, rules, record, now) for record in objects.store.versions(bucket["name"], "")
            )
            touched += _abort_uploads(objects, bucket["name"], rules, now)
    return touched


def _apply(objects: Objects, rules: Iterable[Mapping[str, Any]], record: Record, now: float) -> int:
    fitting = [rule["action"] for rule in rules if _fits(objects, rule["condition"], record, now)]
    generation = {"generation": record["generation"]}
    if any(action["type"] == "Delete" for action in fitting):
        # A live object of a versioned bucket becomes a noncurrent one.
        objects.delete(record["bucket"], record["name"], {} if "timeDeleted" not in record else generation)
        return 1
    for action in fitting:
        wanted = action.get("storageClass")
        if action["type"] == "SetStorageClass" and record["storageClass"] != wanted and "timeDeleted" not in record:
            objects.patch(record["bucket"], record["name"], {"storageClass": wanted}, {})
            return 1
    return 0


def _abort_uploads(objects: Objects, bucket: str, rules: Iterable[Mapping[str, Any]], now: float) -> int:
    ages = [
        rule["condition"].get("age", 0)
        for rule in rules
        if rule["action"]["type"] == "AbortIncompleteMultipartUpload"
    ]
    return objects.store.drop_uploads(bucket, now - min(ages) * _DAY) if ages else 0


def _fits(objects: Objects, condition: Mapping[str, Any], record: Record, now: float) -> bool:
    is_live = "timeDeleted" not in record
    age, custom = _days(record["timeCreated"], now), record.get("customTime")
    tests = {
        "age": lambda wanted: age >= wanted,
        "createdBefore": lambda wanted: record["timeCreated"][:10] < wanted,
        "customTimeBefore": lambda wanted: custom is not None and custom[:10] < wanted,
        "daysSinceCustomTime": lambda wanted: custom is not None and _days(custom, now) >= wanted,
        "daysSinceNoncurrentTime": lambda wanted: not is_live and _days(record["timeDeleted"], now) >= wanted,
        "isLive": lambda wanted: is_live == wanted,
        "matchesPrefix": lambda wanted: record["name"].startswith(tuple(wanted)),
        "matchesSuffix": lambda wanted: record["name"].endswith(tuple(wanted)),
        "matchesStorageClass": lambda wanted: record["storageClass"] in wanted,
        "numNewerVersions": lambda wanted: objects.newer_versions(record) >= wanted,
    }
    return all(tests[name](wanted) for name, wanted in condition.items())


def _days(moment: str, now: float) -> float:
    return (now - datetime.datetime.fromisoformat(moment).timestamp()) / _DAY
