"""Is cloudbuild.yaml one that Cloud Build takes, and does it do what a laptop does?"""

import re
import subprocess
import sys

from repository import ROOT

from deploy import runner

FILE = ROOT / "cloudbuild.yaml"


def test_it_follows_the_schema_of_cloud_build() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_step_is_a_target_of_make_in_this_order() -> None:
    targets = {
        target
        for name in ("Makefile", "deploy/targets.mk")
        for target in re.findall(r"(?m)^([a-z]+):.*## ", (ROOT / name).read_text(encoding="utf-8"))
    }
    made = [step for step in runner.steps() if step["entrypoint"] == "make"]
    assert [step["args"][0] for step in made] == [step["id"] for step in made]
    assert {step["id"] for step in made} <= targets
    expected = ["setup", "check", "test", "bundle", "plan", "approval", "apply", "smoke", "traffic"]
    assert [step["id"] for step in made] == expected
    assert {step["id"] for step in runner.steps()} - set(expected) == {"terraform"}


def test_only_substitutions_are_used_that_there_are() -> None:
    """Cloud Build refuses a build that names another (https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values)."""
    text = FILE.read_text(encoding="utf-8")
    declared = set(re.findall(r"(?m)^  (_[A-Z]+):", text))
    assert set(re.findall(r"\$\{?(\w+)", text)) == declared | {"PROJECT_ID"}


def test_what_is_a_projects_own_is_sent_along() -> None:
    """Without this file gcloud leaves out what git ignores, and Terraform would take away what that asks for."""
    kept = (ROOT / ".gcloudignore").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert kept.index("#!include:.gitignore") < kept.index("!*.auto.tfvars") < kept.index("!terraform/restored.tf")
    assert {"*.auto.tfvars", "terraform/restored.tf"} <= set(ignored)


def test_tests_have_terraform() -> None:
    steps = {step["id"]: step for step in runner.steps()}
    order = list(steps)
    assert order.index("terraform") < order.index("test")
    for name in ("test", "plan", "apply", "smoke"):
        assert "TERRAFORM=/tools" in steps[name]["args"]
        assert steps[name]["volumes"] == steps["terraform"]["volumes"]


def test_the_runner_does_every_step_before_the_one_that_needs_google() -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> int:
        asked.append(command)
        return int(command[1] == "test")

    before = runner.here(runner.steps())
    assert [step["id"] for step in before] == ["setup", "check", "test", "bundle"]
    assert runner.execute(before, run) == "test"
    assert asked == [["make", "setup"], ["make", "check"], ["make", "test", "TERRAFORM=/tools"]]


def test_a_step_runs_here() -> None:
    command = [sys.executable, "-m", "deploy.runner", "--only", "bundle"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"bundle-[0-9a-f]{32}\.zip", done.stdout)
