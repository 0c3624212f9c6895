"""What every test may use: ``tell`` puts a figure that a test found under the summary of the run. And which tests
share a process: those that stand on one slow server or parse all of Terraform's files, so that a run does it once."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

TOLD = "told"
TERRAFORM = Path(__file__).parent / "terraform"

settings.register_profile("unhurried", deadline=None)  # a loaded machine is no failure
settings.load_profile("unhurried")
Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """A line for the end of the run, whichever process the test runs in."""
    return lambda text: record_property(TOLD, text)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("emulator"):
            item.add_marker(pytest.mark.xdist_group("emulator"))
        elif TERRAFORM in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("terraform"))
        elif "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("stack"))


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
