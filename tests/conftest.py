"""What every test may use: ``tell`` puts a figure that a test found under the summary of the run. And which tests
share a process: those that stand on one slow server or parse all of Terraform's files, so that a run does it once.
And which begin first: those that take longest."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

TOLD = "told"
USUAL = 120.0
"""The time limit of pyproject.toml."""
TERRAFORM, END_TO_END = (Path(__file__).parent / name for name in ("terraform", "e2e"))

settings.register_profile("unhurried", deadline=None)  # a loaded machine is no failure
settings.load_profile("unhurried")
Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """A line for the end of the run, whichever process the test runs in."""
    return lambda text: record_property(TOLD, text)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_patience, reverse=True)  # what takes minutes must not begin last, when the others have no more
    for item in items:
        if item.get_closest_marker("emulator"):
            item.add_marker(pytest.mark.xdist_group("emulator"))
        elif TERRAFORM in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("terraform"))
        elif "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("stack"))


def _patience(item: pytest.Item) -> float:
    """Seconds that a test is given beyond the usual. Among equals the order is the random one."""
    marker = item.get_closest_marker("timeout")
    return max(marker.args[0] if marker else 0.0, 240.0 if END_TO_END in item.path.parents else USUAL)


def pytest_collection_finish() -> None:
    """A million objects of modules and tests are there to stay: no collection of garbage looks at them again."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for of_outcome in terminalreporter.stats.values() for report in of_outcome]
    told = [text for one in reports for name, text in getattr(one, "user_properties", ()) if name == TOLD]
    if told:
        terminalreporter.section("what was counted")
        for text in sorted(dict.fromkeys(told)):
            terminalreporter.write_line(text)
