"""Where do the prices of language models come from? ``python -m docs.prices`` writes shared/blocks/prices.json.

They are those of the package genai-prices (MIT, https://github.com/pydantic/genai-prices), which names its sources
model by model: the standard rates that hold on the day of the table, in dollars for a million tokens.
"""

import json
from datetime import UTC, date, datetime, time
from importlib import metadata
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "shared/blocks/prices.json"
PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "groq": "groq",
    "open_router": "openrouter",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "xai": "x-ai",
}
"""Our name of a provider -> that of the package."""

ADDED: dict[str, dict[str, Any]] = {
    "openai": {
        "gpt-6.2-astra": {
            **{"input": 8.0, "cached": 0.4, "written": 10.0, "output": 40.0},
            "long": {"above": 272_000, "input": 16.0, "cached": 0.8, "written": 20.0, "output": 60.0},
            "window": 1_050_000,
        },
        "gpt-6.2-sol": {
            **{"input": 2.0, "cached": 0.1, "written": 2.5, "output": 10.0},
            "long": {"above": 272_000, "input": 4.0, "cached": 0.2, "written": 5.0, "output": 15.0},
            "window": 1_050_000,
        },
    }
}
"""Models that are newer than the package; once it has them, its rows count. By
https://developers.openai.com/api/docs/models/gpt-6.2-sol, and https://vercel.com/ai-gateway/models/gpt-6.2-astra.md:
that does not say what caches and long prompts cost, for which the ratios of the former stand."""

_RATES = {"input": "input_mtok", "cached": "cache_read_mtok", "written": "cache_write_mtok", "output": "output_mtok"}


def table(day: date) -> dict[str, Any]:
    from genai_prices import data

    known = {provider.id: provider for provider in data.providers}
    return {
        "date": day.isoformat(),
        "source": f"genai-prices {metadata.version('genai-prices')}, https://github.com/pydantic/genai-prices; "
        "newer models: docs/prices.py",
        "unit": "US dollars for a million tokens",
        "models": {
            ours: ADDED.get(ours, {})
            | {
                name: row
                for model in known[theirs].models
                if (row := _row(model, day))
                for name in sorted({model.id, *_names(model.match)})
            }
            for ours, theirs in PROVIDERS.items()
        },
    }


def write(made: dict[str, Any]) -> str:
    """One line a model."""
    head = "".join(f" {json.dumps(key)}: {json.dumps(made[key])},\n" for key in ("date", "source", "unit"))
    parts = [
        f'  "{provider}": {{\n'
        + ",\n".join(f"   {json.dumps(n)}: {json.dumps(r)}" for n, r in rows.items())
        + "\n  }"
        for provider, rows in made["models"].items()
    ]
    return "{\n" + head + ' "models": {\n' + ",\n".join(parts) + "\n }\n}\n"


def _row(model: Any, day: date) -> dict[str, Any]:
    prices = _prices(model, day)
    row: dict[str, Any] = {}
    long: dict[str, Any] = {}
    for ours, theirs in _RATES.items():
        rate = getattr(prices, theirs)
        if hasattr(rate, "base"):  # it depends on the length of the prompt
            long |= {"above": rate.tiers[0].start, ours: float(rate.tiers[0].price)}
            rate = rate.base
        if rate is not None:
            row[ours] = float(rate)
    if not row:
        return {}
    return row | ({"long": long} if long else {}) | ({"window": model.context_window} if model.context_window else {})


def _prices(model: Any, day: date) -> Any:
    """Those that hold on the day, at noon where they depend on the hour."""
    if not isinstance(model.prices, list):
        return model.prices
    moment = datetime.combine(day, time(12), UTC)
    return next(p.prices for p in reversed(model.prices) if p.constraint is None or p.constraint.active(moment))


def _names(clause: Any) -> list[str]:
    """Names that it says in full."""
    if hasattr(clause, "or_"):
        return [name for one in clause.or_ for name in _names(one)]
    return [clause.equals] if hasattr(clause, "equals") else []


if __name__ == "__main__":
    TABLE.write_text(write(table(datetime.now(UTC).date())))  # noqa: TID251 - the day on which it is made
