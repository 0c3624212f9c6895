"""Is the price table what ``python -m docs.prices`` makes of the pinned package, for the day that it names?"""

import json
from datetime import date

from docs import prices


def test_the_table_is_that_of_the_pinned_package() -> None:
    text = prices.TABLE.read_text(encoding="utf-8")
    assert text == prices.write(prices.table(date.fromisoformat(json.loads(text)["date"])))
