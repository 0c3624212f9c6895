"""Does the scaffold write a block that works, once, under a good name?"""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from shared.blocks import catalog, runner
from shared.blocks.scaffold import __main__ as scaffold


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shared" / "blocks").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "blocks").mkdir(parents=True)
    return tmp_path


async def test_what_it_writes_works_as_its_examples_say(root: Path, context: Any) -> None:
    module, test = scaffold.write("MADE_BY_A_TEST", "TEXT", root)
    spec = importlib.util.spec_from_file_location("made_by_a_test", module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    block = loaded.MadeByATestBlock()
    for example in block.examples:
        outcome = await runner.collect(block, catalog.read_input(block, example.input), context())
        assert outcome.tokens == (example.output or [])
        assert (outcome.failure is None) == (example.fails is None)
    assert "MADE_BY_A_TEST" in test.read_text(encoding="utf-8")


def test_it_writes_over_nothing(root: Path) -> None:
    scaffold.write("MADE_BY_A_TEST", "TEXT", root)
    with pytest.raises(ValueError, match=r"made_by_a_test\.py is there already"):
        scaffold.write("MADE_BY_A_TEST", "TEXT", root)


@pytest.mark.parametrize(("name", "said"), [("shout", "no name of a block"), ("CONDITION", "a block CONDITION")])
def test_a_bad_name_is_refused(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scaffold.main([name]) == 1
    assert said in capsys.readouterr().err
