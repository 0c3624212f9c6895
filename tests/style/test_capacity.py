"""Does the page of the model say what the model says?"""

import math
import re

from repository import ROOT

from benchmarks import model, prices

NEED = model.Need(tasks=1, writes=2, indexed=2, bytes_published=1_000, cpu_seconds=model.CPU_SECONDS)
PAGE = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")


def test_every_limit_is_on_the_page_in_the_order_in_which_it_binds() -> None:
    binding = sorted(model.LIMITS, key=lambda limit: limit.most(NEED))
    found = [PAGE.index(f"[{limit.name}]({limit.source}) | {limit.most(NEED):,.0f} |") for limit in binding]
    assert found == sorted(found)


def test_every_size_is_on_the_page() -> None:
    assert [size for size in model.SIZES if f"| {size:,} |" not in PAGE] == []


def test_what_to_ask_google_for_is_what_the_model_says() -> None:
    """Of executions of ten nodes."""
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    rows = {row.split(" | ")[0]: row for row in page.partition("## Quotas")[2].splitlines() if row.startswith("|")}
    for size, column in ((1, 2), (100, 3), (10_000, 4)):
        nodes = 10 * size
        asked = {
            "dispatches": nodes * NEED.tasks,
            "calls of the API a minute": 60 * nodes * NEED.tasks,
            "writes a second": nodes * NEED.writes,
            "vCPUs": math.ceil(nodes * NEED.cpu_seconds / prices.BUSY),
        }
        for what, amount in asked.items():
            (row,) = (row for name, row in rows.items() if what in name)
            assert re.match(r"[\d,]+", row.strip("| ").split(" | ")[column])[0] == f"{amount:,.0f}", (what, size)


def test_what_is_deployed_is_what_the_limits_are_of() -> None:
    terraform = (ROOT / "terraform" / "functions.tf").read_text(encoding="utf-8")
    assert f"try(each.value.max_instances, {model._INSTANCES})" in terraform
