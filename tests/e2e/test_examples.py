"""Do the examples do what they say?"""

import subprocess
import sys
from collections.abc import Callable

import pytest
from launched import REPOSITORY, Stack

from examples import library

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(stack: Stack) -> Run:
    def examples(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "examples", "--endpoints", str(stack.launched.endpoints_file), *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return examples


def test_all_examples_give_what_they_promise_and_are_imported_once(run: Run) -> None:
    first = run("--all")
    assert first.returncode == 0, first.stdout + first.stderr
    for example in library.load_all():
        assert str(example.graph["description"]) in first.stdout
    second = run()
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.count("unchanged") == len(library.load_all())


def test_an_example_that_does_not_exist_is_named(run: Run) -> None:
    ended = run("--run", "nothing")
    assert ended.returncode == 1
    assert "'nothing'" in ended.stderr
    assert "csv_report" in ended.stderr


def test_without_a_running_platform_it_says_how_to_start_one() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "examples", "--endpoints", "/nowhere/endpoints.json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "make run" in ended.stderr
