"""Fixtures: everything running, the echo function or the whole product."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from launched import ECHO_MANIFEST, Launch, Launched, Stack


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts the echo function and everything below it, in the same data folder each time; what still runs at
    the end of the test is killed."""
    running: list[Launched] = []

    def start(*options: str, data: Path = tmp_path / "data", **more: Any) -> Launched:
        launched = Launched(data, "--functions", str(ECHO_MANIFEST), *options, **more)
        running.append(launched)
        return launched

    yield start
    for launched in running:
        if launched.process.returncode is None:
            launched.process.kill()
            launched.process.communicate()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product of this repository, running for the whole session, without a rate limit."""
    launched = Launched(
        tmp_path_factory.mktemp("stack") / "data",
        *("--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json"),
        environment={"RATE_LIMIT_PER_MINUTE": "0"},
    )
    try:
        running = Stack(launched.wait_until_up())
        yield running
        running.close()
    finally:
        with suppress(ProcessLookupError):
            launched.end()
