"""Does a function import only what its manifest entry names? A cold start pays for each import."""

import subprocess
import sys

import pytest
from served import ROOT

HEAVY = ("openai", "google.cloud.tasks_v2", "google.cloud.pubsub_v1", "google.cloud.storage", "openpyxl")


@pytest.mark.parametrize("function", ["graphs", "users"])
def test_a_function_imports_no_client_that_it_does_not_need(function: str):
    code = f"import functions.{function}, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "shared.http.api" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
