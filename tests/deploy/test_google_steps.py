"""What is said to Google in each step? Told by a fake ``gcloud`` and ``terraform`` that keep a project in memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import bundle, google, smoke

NEW = "bundle-" + "1" * 32 + ".zip"


class Project:
    """Services with their revisions and traffic, buckets, and every command that was said."""

    def __init__(self, functions: dict[str, Any]) -> None:
        self.said: list[list[str]] = []
        self.buckets: set[str] = set()
        self.objects: set[str] = set()
        self.base_url = "https://weftly.example"
        self.services: dict[str, dict[str, Any]] = {
            name.replace("_", "-"): {"latest": "old", "serves": "old", "tags": {}} for name in functions
        }

    def release(self, revision: str) -> None:
        for service in self.services.values():
            service["latest"] = revision

    def run(self, command: list[str], *, check: bool = True, show: bool = False) -> str:
        self.said.append(command)
        match command:
            case ["gcloud", "storage", "ls", "--buckets", url]:
                return url if url in self.buckets else ""
            case ["gcloud", "storage", "buckets", "create", url, *_]:
                self.buckets.add(url)
            case ["gcloud", "storage", "ls", url]:
                return url if url in self.objects else ""
            case ["gcloud", "storage", "cp", _, url]:
                self.objects.add(url)
            case ["gcloud", "run", "services", "describe", name, *_]:
                return json.dumps(self.described(name))
            case ["gcloud", "run", "services", "list", *_]:
                return json.dumps([{"metadata": {"name": name}, **self.described(name)} for name in self.services])
            case ["gcloud", "run", "services", "update-traffic", name, *rest]:
                self._change(name, rest[0])
            case ["terraform", _, "output", "-raw", "base_url"]:
                return self.base_url + "\n"
            case ["terraform", _, "plan", _, out, *_]:
                Path(out.partition("=")[2]).write_text("a plan")
            case _:
                pass
        return ""

    def described(self, name: str) -> Any:
        service = self.services[name]
        tagged = [
            {"revisionName": revision, "tag": tag, "url": f"https://{tag}---{name}.run.app"}
            for tag, revision in service["tags"].items()
        ]
        serving = {"revisionName": service["serves"], "percent": 100}
        return {"status": {"latestReadyRevisionName": service["latest"], "traffic": [serving, *tagged]}}

    def _change(self, name: str, change: str) -> None:
        option, _, value = change.partition("=")
        if option == "--update-tags":
            self.services[name]["tags"] |= dict(one.split("=") for one in value.split(","))
        else:
            assert option == "--to-revisions"
            self.services[name]["serves"] = value.removesuffix("=100")

    def serving(self) -> set[str]:
        return {service["serves"] for service in self.services.values()}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(google, "DIST", tmp_path)
    bundle.build(tmp_path)
    return json.loads((tmp_path / "release.json").read_text())


@pytest.fixture
def project(release: dict[str, Any]) -> Project:
    return Project(release["functions"])


@pytest.fixture
def steps(project: Project, release: dict[str, Any]) -> google.Steps:
    return google.Steps("weftly-test", "us-central1", "dev", release, project.run)


def test_a_plan_uploads_the_bundle_that_it_names(steps: google.Steps, project: Project) -> None:
    steps.plan()
    assert project.buckets == {"gs://weftly-test-terraform", "gs://weftly-test-deploy"}
    assert ["gcloud", "storage", "cp", "--no-clobber", str(google.DIST / steps.bundle)] in [
        c[:5] for c in project.said
    ]
    (plan,) = [command for command in project.said if command[:3] == ["terraform", "-chdir=terraform", "plan"]]
    assert f"-var=bundle={steps.bundle}" in plan
    assert "-var-file=environments/dev.tfvars" in plan


def test_buckets_that_are_there_are_left_alone(steps: google.Steps, project: Project) -> None:
    steps.plan()
    before = len(project.said)
    steps.plan()
    assert not [command for command in project.said[before:] if "create" in command]


def test_a_release_gets_traffic_after_it_was_tried_and_can_be_taken_back(
    steps: google.Steps, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def ask(base: str, paths: Any, candidate: str = "") -> None:
        assert project.serving() == {"old"}, "nobody is sent there before it was tried"
        asked.append((base, candidate))

    monkeypatch.setattr(smoke, "ask", ask)
    steps.plan()
    project.release("new")
    steps.apply()
    steps.smoke()
    assert set(asked) == {("https://weftly.example", steps.bundle)}
    steps.traffic()
    assert project.serving() == {"new"}
    steps.rollback()
    assert project.serving() == {"old"}


def test_traffic_twice_keeps_what_can_be_gone_back_to(steps: google.Steps, project: Project) -> None:
    steps.plan()
    project.release("new")
    steps.apply()
    steps.traffic()
    steps.traffic()
    steps.rollback()
    assert project.serving() == {"old"}


def test_apply_again_keeps_what_can_be_gone_back_to(steps: google.Steps, project: Project) -> None:
    """Some services serve the new one already, as when ``traffic`` was broken off."""
    steps.plan()
    project.release("new")
    steps.apply()
    project.services["graphs"]["serves"] = "new"
    steps.apply()
    steps.traffic()
    steps.rollback()
    assert project.serving() == {"old"}


def test_one_goes_back_by_one_release_where_it_left_a_function_as_it_was(
    steps: google.Steps, project: Project
) -> None:
    for revision, functions in (("second", list(project.services)), ("third", ["graphs"])):
        for name in functions:
            project.services[name]["latest"] = revision
        steps.apply()
        steps.traffic()
    steps.rollback()
    assert project.serving() == {"second"}


def test_to_go_back_nothing_has_to_be_built(
    project: Project, release: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = google.Steps("weftly-test", "us-central1", "dev", release, project.run)
    project.release("new")
    steps.apply()
    steps.traffic()
    (tmp_path / "release.json").unlink()
    monkeypatch.setattr(google.Steps, "__init__", _with(google.Steps.__init__, project.run))
    assert google.main(["rollback", "--project", "weftly-test"]) == 0
    assert project.serving() == {"old"}


def _with(made: Callable[..., None], run: google.Run) -> Callable[..., None]:
    return lambda self, *given: made(self, *given, run)


def test_nothing_is_tagged_while_calls_are_spread(steps: google.Steps, project: Project) -> None:
    spread = [{"revisionName": "old", "percent": 50}, {"revisionName": "new", "percent": 50}]
    project.described = lambda name: {"status": {"latestReadyRevisionName": "new", "traffic": spread}}
    with pytest.raises(google.StepError, match="new, old"):
        steps.apply()
    assert not [command for command in project.said if "update-traffic" in command]


def test_without_a_load_balancer_the_candidates_own_addresses_are_asked(
    steps: google.Steps, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(smoke, "ask", lambda base, paths, candidate="": asked.append(base))
    project.base_url = "https://weftly-test.web.app"
    steps.plan()
    steps.apply()
    steps.smoke()
    assert "https://candidate---graphs.run.app" in asked
    assert len(asked) == sum(function["public"] for function in steps.functions.values())


def test_there_is_no_way_back_before_a_second_release(steps: google.Steps, project: Project) -> None:
    with pytest.raises(google.StepError, match="nothing to go back to"):
        steps.rollback()
    steps.plan()
    steps.apply()
    with pytest.raises(google.StepError, match="nothing to go back to"):
        steps.rollback()
    assert not [command for command in project.said if "--to-revisions" in command[-1]], "none was moved"


def test_what_is_approved_is_the_plan_that_was_made(steps: google.Steps, project: Project) -> None:
    steps.plan()
    waited: list[float] = []

    def somebody_approves(plan: str) -> Callable[[float], object]:
        def wait(seconds: float) -> None:
            waited.append(seconds)
            steps.approve(plan)
            if len(waited) > 2:
                raise AssertionError("it waits for another")

        return wait

    with pytest.raises(AssertionError, match="waits for another"):
        steps.approval(somebody_approves("0" * 64))
    waited.clear()
    steps.approval(somebody_approves(steps._approval().rpartition("/")[2]))
    assert waited == [google.LOOK_SECONDS]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"/health": (503, b"{}")}, "503"),
        ({"/health": (200, b"<html>")}, "without JSON"),
        ({"/api/v1/me": (200, b"{}")}, "expected 401"),
        ({"/api/v1/me": (404, b'{"detail": "Not Found"}')}, "not in the form of our errors"),
    ],
)
def test_smoke_finds_what_is_wrong(
    answers: dict[str, tuple[int, bytes]], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {
        "/health": (200, b"{}"),
        "/health?deep=true": (200, b"{}"),
        "/api/v1/me": (401, b'{"error": {"code": 401}}'),
    }

    def get(url: str, headers: Any, statuses: set[int]) -> tuple[int, bytes]:
        status, body = (good | answers)[url.removeprefix("http://there")]
        if status not in statuses:
            raise smoke.SmokeError(f"{status}, expected {min(statuses)}")
        return status, body

    monkeypatch.setattr(smoke, "_get", get)
    with pytest.raises(smoke.SmokeError, match=problem):
        smoke.ask("http://there", ["/health", "/api/v1/me"])


def test_smoke_without_a_bundle_says_what_to_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(google, "DIST", tmp_path)
    assert smoke.main(["http://there"]) == 1
    assert "make bundle" in capsys.readouterr().err
    (tmp_path / "release.json").write_text(json.dumps({"functions": {"graphs": {"paths": ["/health"]}}}))
    monkeypatch.setattr(smoke, "_get", lambda url, headers, statuses: (200, b"{}"))
    assert smoke.main(["http://there/"]) == 0
    assert capsys.readouterr().out == "http://there answers as it must.\n"
