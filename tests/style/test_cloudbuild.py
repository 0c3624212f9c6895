"""Is cloudbuild.yaml one that Cloud Build takes, and does it do what a laptop does?"""

import re
import subprocess
import sys

import yaml
from repository import ROOT

FILE = ROOT / "cloudbuild.yaml"


def test_it_follows_the_schema_of_cloud_build() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_step_is_a_target_of_make() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8")))
    steps = yaml.safe_load(FILE.read_text(encoding="utf-8"))["steps"]
    assert {step["entrypoint"] for step in steps} == {"make"}
    assert {argument for step in steps for argument in step["args"]} <= targets
    assert {"check", "test"} <= {step["id"] for step in steps}
