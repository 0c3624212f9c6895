"""Does the README show what is there, and does its first call work?"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "testing.md"]
TARGETS = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "deploy/targets.mk")}
MAX_TARGETS = 10
"""In one file."""


def _public_targets(text: str) -> list[str]:
    return re.findall(r"(?m)^([a-z][a-z-]*):.*## ", text)


def _first_call(readme: Path) -> str:
    blocks = re.findall(r"(?s)```sh\n(.*?)```", readme.read_text(encoding="utf-8"))
    return next(block for block in blocks if "signUp" in block)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_top_level_folder_is_on_the_map(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    visible = [f for f in sorted(ROOT.iterdir()) if f.is_dir() and f.name[0].isalpha()]
    folders = [f for f in visible if any(f.glob("**/[a-zA-Z]*.*"))]
    assert [f.name for f in folders if f"[{f.name}/](" not in text] == []


@pytest.mark.parametrize("text", TARGETS.values(), ids=TARGETS)
def test_make_has_few_targets_and_all_are_phony(text: str) -> None:
    targets = _public_targets(text)
    assert 0 < len(targets) <= MAX_TARGETS
    phony = re.search(r"(?m)^\.PHONY: (.+)$", text)
    assert phony is not None
    assert set(targets) <= set(phony[1].split())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_make_targets_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {t for line in re.findall(r"(?m)(?:^|`)make((?: [a-z]+)+)", text) for t in line.split()}
    assert named
    assert named <= {target for text in TARGETS.values() for target in _public_targets(text)}


def test_both_readmes_have_the_same_commands() -> None:
    def commands(readme: Path) -> list[str]:
        without_comments = re.sub(r"(?m)\s*#.*$", "", _first_call(readme))
        return [line for line in without_comments.splitlines() if line]

    assert commands(READMES[0]) == commands(READMES[1])


def test_a_field_that_an_answer_lacks_prints_the_answer() -> None:
    field = _first_call(READMES[0]).partition("\n")[0].replace(".venv/bin/python", f"'{sys.executable}'")
    script = f'{field}\necho \'{{"error": "EMAIL_EXISTS"}}\' | field idToken'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "{'error': 'EMAIL_EXISTS'}\n"


def test_the_first_call_gives_what_it_promises(tmp_path: Path) -> None:
    """Against the started stack, as somebody would paste it, for the second time."""
    call = _first_call(READMES[0]).replace(".local/endpoints.json", '"$LOCAL_ENDPOINTS"')
    call = call.replace(".venv/bin/python", "python")
    script = f"set -eu\n(\n{call}\n) > /dev/null\n{call}"
    command = [sys.executable, "-m", "local", "exec", "--data", str(tmp_path), "--port", "0"]
    command += ["--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json"]
    done = subprocess.run(
        [*command, "--", "bash", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    decoder = json.JSONDecoder()
    execution, end = decoder.raw_decode(done.stdout.lstrip())
    nodes, _ = decoder.raw_decode(done.stdout.lstrip()[end:].lstrip())
    assert execution["status"] == "COMPLETED"
    promised = re.search(r"# \"output\": (\{.*\})", _first_call(READMES[0]))
    assert promised is not None
    assert execution["output"] == json.loads(promised[1])
    assert len(nodes["items"]) == 6
