"""Which of Google's own system tests are run, and which of them are known to fail, and why?

The counts in ``at_least`` are those that Google's emulators pass (Firestore 1.19.9, Pub/Sub 0.8.20).
"""

from collections.abc import Mapping
from dataclasses import dataclass

_BSON = (
    "BSON types exist only in the Enterprise edition (https://cloud.google.com/firestore/docs/editions-overview); "
    "Google's emulator, whose databases are of the Standard edition as ours are, fails it too."
)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """``folder``: of the tests, in the source distribution. ``failures``: why each that may fail does."""

    package: str
    version: str
    folder: str
    variable: str
    arguments: tuple[str, ...] = ()
    at_least: int
    failures: Mapping[str, str]


FIRESTORE = Suite(
    package="google-cloud-firestore",
    version="2.34.1",
    folder="tests/system",
    variable="FIRESTORE_EMULATOR_HOST",
    at_least=220,
    failures={
        "test_system.py::test_bson_document_read_and_write[enterprise-db-native]": _BSON,
        "test_system.py::test_bson_regex_invalid_options[enterprise-db-native]": _BSON,
        "test_system.py::test_bson_decimal128_special_values[enterprise-db-native]": _BSON,
        "test_system.py::test_bson_query_ordering[enterprise-db-native]": _BSON,
        "test_system_async.py::test_async_bson_document_read_and_write[enterprise-db-native]": _BSON,
        "test_system_async.py::test_async_bson_regex_invalid_options[enterprise-db-native]": _BSON,
        "test_system_async.py::test_async_bson_decimal128_special_values[enterprise-db-native]": _BSON,
    },
)

PUBSUB = Suite(
    package="google-cloud-pubsub",
    version="2.44.0",
    folder="tests",
    variable="PUBSUB_EMULATOR_HOST",
    arguments=("system.py", "-k", "not rest"),
    at_least=16,
    failures={},
)

SUITES = {"firestore": FIRESTORE, "pubsub": PUBSUB}
