"""What do JavaScript's numbers come to, and how are they written? All are doubles; whole ones are Python's here."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

Number = int | float

SAFE = 2**53
SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000\ufeff"
)
"""What trimming takes away."""
_DECIMAL = re.compile(r"[-+]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", re.ASCII)
_OTHER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def plain(value: Number) -> Number:
    """A whole number as one, as long as a double has it exactly."""
    if isinstance(value, int):
        return value if -SAFE <= value <= SAFE else to_double(value)
    if value.is_integer() and abs(value) <= SAFE and (value or math.copysign(1, value) > 0):
        return int(value)
    return value


def to_double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def of_text(text: str) -> Number:
    """The number that a whole text says; NaN: none."""
    trimmed = text.strip(SPACES)
    if not trimmed:
        return 0
    if _OTHER.fullmatch(trimmed):
        return plain(int(trimmed, 0))
    return _decimal(trimmed) if _DECIMAL.fullmatch(trimmed) else math.nan


def leading(text: str) -> Number:
    """``parseFloat``: the number that a text begins with."""
    match = _DECIMAL.match(text.lstrip(SPACES))
    return _decimal(match[0]) if match else math.nan


def leading_whole(text: str, base: int) -> Number:
    """``parseInt``; ``base`` 0: as it is written."""
    rest = text.lstrip(SPACES)
    sign = -1 if rest.startswith("-") else 1
    rest = rest[1:] if rest[:1] in ("-", "+") else rest
    if base in (0, 16) and rest[:2].lower() == "0x":
        rest, base = rest[2:], 16
    base = base or 10
    if not 2 <= base <= 36:
        return math.nan
    digits = ""
    for one in rest[:400].lower():
        if one not in _DIGITS[:base]:
            break
        digits += one
    return plain(sign * int(digits, base)) if digits else math.nan


def _decimal(text: str) -> Number:
    return plain(float(text.replace("Infinity", "inf")))


def text(value: Number, base: int = 10) -> str:
    """As JavaScript writes a number (https://tc39.es/ecma262/#sec-numeric-types-number-tostring)."""
    if base != 10:
        return _in_base(value, base)
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if not value:
        return "0"
    _, digits, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    written = "".join(map(str, digits))
    point = len(written) + int(exponent)
    sign = "-" if value < 0 else ""
    if len(written) <= point <= 21:
        return sign + written + "0" * (point - len(written))
    if 0 < point <= 21:
        return f"{sign}{written[:point]}.{written[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{written}"
    power = point - 1
    fraction = f".{written[1:]}" if len(written) > 1 else ""
    return f"{sign}{written[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"


def _in_base(value: Number, base: int) -> str:
    if isinstance(value, float):
        raise ValueError("a number with a fraction in another base")
    left, found = abs(value), ""
    while left or not found:
        left, digit = divmod(left, base)
        found = _DIGITS[digit] + found
    return f"-{found}" if value < 0 else found


def fixed(value: Number, places: int) -> str:
    """``toFixed``: by the exact value of the double, half away from zero."""
    if not math.isfinite(value) or abs(value) >= 1e21:
        return text(value)
    with localcontext() as context:
        context.prec = 200
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    written = f"{rounded:f}"
    return written.removeprefix("-") if value == 0 else written


def rounded(value: Number) -> Number:
    """``Math.round``: half up."""
    if isinstance(value, int) or not math.isfinite(value):
        return value
    floor = math.floor(value)
    return plain(floor if value - floor < 0.5 else floor + 1)


def remainder(left: Number, right: Number) -> Number:
    if math.isnan(left) or math.isnan(right) or math.isinf(left) or right == 0:
        return math.nan
    return plain(math.fmod(left, right))


def quotient(left: Number, right: Number) -> Number:
    if right == 0:
        if left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1, right)
    try:
        return plain(left / right)
    except OverflowError:
        return plain(to_double(int(left)) / right)


def power(left: Number, right: Number) -> Number:
    if math.isnan(right) or (abs(left) == 1 and math.isinf(right)):
        return math.nan
    try:
        found = math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:
        return math.inf if left == 0 else math.nan
    return plain(found)
