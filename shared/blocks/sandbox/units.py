"""How much is a quantity in another unit? By Pint; of its language names, quotients and small powers."""

import functools
import re

import pint

from shared.domain import errors

_UNIT = re.compile(
    r"[^\W\d]\w{0,40}(\s?\*\*\s?[1-4]|\^[1-4]|[²³])?(\s?[*/]\s?[^\W\d]\w{0,40}(\*\*[1-4]|\^[1-4]|[²³])?){0,4}|%"
)


@functools.cache
def _registry() -> "pint.UnitRegistry[float]":
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


def convert(value: float, source: str, target: str) -> float:
    """BlockError, reason ``UNIT_INVALID``: not units, or of different kinds."""
    for unit in (source, target):
        if not _UNIT.fullmatch(unit.strip()):
            raise errors.BlockError(
                f"{unit[:100]!r} is no unit: give one like km, degC or km/hour", reason="UNIT_INVALID"
            )
    try:
        made = _registry().Quantity(value, source.strip()).to(target.strip()).magnitude
    except (pint.PintError, AttributeError, ValueError, OverflowError, ZeroDivisionError, TypeError) as error:
        raise errors.BlockError(
            f"{source} cannot be converted to {target}: {error}", reason="UNIT_INVALID"
        ) from error
    return float(f"{made:.15g}")
