"""What does a call of a language model cost in dollars, and how much does the model take at once?

By ``prices.json``, which says of which day it is and where its figures come from (``python -m docs.prices`` writes
it): standard rates, whatever a contract may say. A model that is not in it has no price, and its calls count as 0.
"""

import functools
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.json")
_SNAPSHOT = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a call. ``prompt`` counts the ``cached`` ones and those ``written`` to a cache too."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    written: int = 0


def cost(provider: str, model: str, usage: Usage) -> float | None:
    """Dollars; None: the table does not know the model."""
    row = find(provider, model)
    if row is None:
        _log.warning("no price for model", extra={"model": model, "provider": provider})
        return None
    long = row.get("long") or {}
    rates = {**row, **long} if usage.prompt > long.get("above", usage.prompt) else row
    given = rates.get("input", 0.0)
    fresh = max(usage.prompt - usage.cached - usage.written, 0)
    millionths = (
        fresh * given
        + usage.cached * rates.get("cached", given)
        + usage.written * rates.get("written", given)
        + usage.completion * rates.get("output", 0.0)
    )
    return millionths / 1_000_000


def window(provider: str, model: str) -> int | None:
    """Tokens that the model takes, those of its answer among them; None: not known."""
    return (find(provider, model) or {}).get("window")


def find(provider: str, model: str) -> Mapping[str, Any] | None:
    """The model's row: of the provider, else of whoever has a model of this name; a dated snapshot is priced as the
    model of which it is one."""
    models = _table()["models"]
    names = [model, _SNAPSHOT.sub("", model)]
    rows = [models.get(provider, {}), *models.values()]
    return next((row[name] for row in rows for name in names if name in row), None)


@functools.cache
def _table() -> dict[str, Any]:
    return json.loads(TABLE.read_bytes())
