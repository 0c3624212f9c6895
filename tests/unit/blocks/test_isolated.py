"""Does the process in which documents are read know nothing, keep its limits, and say how it ended?"""

from pathlib import Path
from typing import Any

import pytest

from shared.blocks.sandbox import isolated
from shared.domain import errors

PROBE = '''"""Functions that behave badly, in the place of a library."""
import os, resource, signal, sys
from shared.domain import errors

def environment(content):
    return dict(os.environ)

def echo(content, **options):
    return [content.decode(), options]

def raw(content):
    return content[::-1]

def fails(content):
    raise errors.BlockError("it fails", reason="FILE_UNREADABLE")

def crashes(content):
    raise KeyError("x")

def dies(content):
    os.kill(os.getpid(), signal.SIGSEGV)

def spins(content):
    while True: pass

def fills(content):
    return len(bytearray(10**10))

def deep(content):
    return deep(content)

def not_json(content):
    return {1, 2}
'''


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The process, with a module of the name ``probe`` beside the others."""
    from shared.blocks import sandbox

    folder = Path(next(iter(sandbox.__path__)))
    monkeypatch.setenv("CANARY", "secret")
    (tmp_path / "sitecustomize.py").write_text(
        f"import shared.blocks.sandbox as s\ns.__path__.append({str(tmp_path)!r})\n", encoding="utf-8"
    )
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder.parents[2]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(isolated, "CPU_SECONDS", 1)
    return isolated.call


def test_it_hands_over_bytes_and_options_and_gives_json_or_bytes(call: Any) -> None:
    assert call("probe.echo", b"a\nb", x=[1, "é"]) == ["a\nb", {"x": [1, "é"]}]
    assert call("probe.raw", b"a\n\0b") == b"b\0\na"


def test_it_knows_nothing_of_the_environment(call: Any) -> None:
    assert set(call("probe.environment")) <= {"PYTHONPATH", "LANG", "LC_CTYPE"}


def test_a_failure_on_purpose_is_one_here(call: Any) -> None:
    with pytest.raises(errors.BlockError, match="it fails") as failure:
        call("probe.fails")
    assert failure.value.reason == "FILE_UNREADABLE"


@pytest.mark.parametrize("function", ["probe.spins", "probe.fills", "probe.dies", "probe.deep"])
def test_it_ends_at_its_limits(call: Any, function: str) -> None:
    with pytest.raises(errors.BlockError) as failure:
        call(function)
    assert failure.value.reason == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(("function", "said"), [("probe.crashes", "KeyError"), ("probe.not_json", "TypeError")])
def test_what_a_library_raises_is_said(call: Any, function: str, said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        call(function)
