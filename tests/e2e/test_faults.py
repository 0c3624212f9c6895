"""Does the product stand what a cloud does on a bad day? The examples with faults on, and right outputs.

``FAULT_SEEDS=1,2,3`` runs more than the one seed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from launched import REPOSITORY

FAULTS = (
    "firestore: delay=0.2@60ms, drop=0.02, lose=0.02; firestore.Commit: abort=0.03; "
    "tasks: delay=0.2@60ms, drop=0.04, lose=0.04; "
    "tasks.Dispatch: duplicate=0.1, lose=0.04, drop=0.04, reorder=0.1, delay=0.2@60ms; "
    "pubsub: duplicate=0.1, lose=0.04, drop=0.04; storage: drop=0.04, lose=0.04, duplicate=0.1"
)


SEEDS = os.environ.get("FAULT_SEEDS", "1").split(",")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_examples_give_what_they_promise_on_a_bad_day(tmp_path: Path, seed: str) -> None:
    data = tmp_path / "data"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "local", "exec", "--data", str(data), "--port", "0"),
            *("--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json"),
            *("--faults", f"seed={seed}; {FAULTS}", "--", "python", "-m", "examples", "--all"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    log = (data / "logs" / "services.log").read_text()
    for injected in ("firestore.Commit delay", "tasks.CreateTask", "tasks.Dispatch duplicate", "pubsub.Publish"):
        assert f"injected fault: {injected}" in log
