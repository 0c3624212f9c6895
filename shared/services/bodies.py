"""Is the body of a request an object, and what is wrong with it? All of it is told at once."""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain import errors
from shared.domain.errors import Violation
from shared.domain.fields import Fields

Raw = Mapping[str, Any]


def read(raw: Any) -> Raw:
    """InvalidArgument unless it is an object."""
    if not isinstance(raw, Mapping):
        raise errors.InvalidArgument(
            "The body must be an object.", violations=[Violation("body", "It must be an object.")]
        )
    return cast(Raw, raw)


def refuse(fields: Fields, what: str) -> None:
    """InvalidArgument with every violation that was noted, if any. ``what``: such as ``The folder is``."""
    if fields.violations:
        raise errors.invalid(f"{what} not valid", fields.violations)
