"""Does a call cost what the table says, for the tokens that it took?"""

import re
from typing import Any

import pytest

from shared.blocks import prices
from shared.blocks.prices import Usage


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    long = {"above": 1_000, "input": 4.0, "output": 16.0}
    models = {
        "openai": {"big": {"input": 2.0, "cached": 0.5, "output": 8.0, "long": long, "window": 5_000}},
        "anthropic": {"big": {"input": 3.0, "cached": 0.3, "written": 3.75, "output": 15.0}},
    }
    monkeypatch.setattr(prices, "_table", lambda: {"models": models})


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("provider", "model", "usage", "millionths"),
    [
        ("openai", "big", Usage(prompt=100, completion=10), 100 * 2 + 10 * 8),
        ("openai", "big", Usage(prompt=100, cached=60, completion=10), 40 * 2 + 60 * 0.5 + 10 * 8),
        ("openai", "big", Usage(prompt=1_001, completion=10), 1_001 * 4 + 10 * 16),
        ("openai", "big", Usage(prompt=1_001, cached=1), 1_000 * 4 + 0.5),
        ("anthropic", "big", Usage(prompt=100, cached=50, written=20), 30 * 3 + 50 * 0.3 + 20 * 3.75),
        ("openai", "big-2026-01-31", Usage(prompt=1), 2),
        ("anthropic", "big-20260131", Usage(prompt=1), 3),
        ("nobody", "big", Usage(prompt=1), 2),
    ],
)
def test_a_call_costs_by_its_tokens(provider: str, model: str, usage: Usage, millionths: float) -> None:
    assert prices.cost(provider, model, usage) == pytest.approx(millionths / 1_000_000)


@pytest.mark.usefixtures("table")
def test_a_model_that_is_not_in_the_table_has_no_price_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert prices.cost("openai", "bigger", Usage(prompt=1)) is None
    assert "no price" in caplog.text
    assert prices.window("openai", "bigger") is None


def test_the_table_says_its_day_source_and_unit_and_has_sane_rates() -> None:
    table: Any = prices._table()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", table["date"])
    assert "genai-prices" in table["source"]
    rates = [
        row[name] for rows in table["models"].values() for row in rows.values() for name in row if name != "long"
    ]
    assert all(isinstance(rate, int | float) and rate >= 0 for rate in rates)
    mini = table["models"]["openai"]["gpt-4o-mini"]
    assert (mini["input"], mini["output"]) == (0.15, 0.6)
