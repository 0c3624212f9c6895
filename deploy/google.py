"""What is said to Google, step by step? ``python3 -m deploy.google STEP --project PROJECT``

plan      the bundle into its bucket, and what Terraform would change into ``.dist/plan``
approval  waits until somebody has approved exactly that plan
apply     changes it; what was just built is tagged ``candidate``, and gets no traffic; what serves, ``previous``
smoke     asks the candidates (smoke.py)
traffic   everybody to the candidates
rollback  everybody to what served before
approve   a person's part of ``approval``
restored  Terraform knows a database that was restored, and what lies in it (restored.py)

Only the standard library, and Python 3.9: it runs where Google's command line is, beside whatever Python comes with
it. It calls ``gcloud`` and ``terraform`` and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy import restored, smoke

ROOT = Path(__file__).parents[1]
DIST = ROOT / ".dist"
APIS = ("cloudresourcemanager", "serviceusage", "storage", "iam")
"""What Terraform needs before it can ask for the others."""
APPROVAL_SECONDS, LOOK_SECONDS = 20 * 3600, 15

Run = Callable[..., str]
"""A command -> what it wrote to stdout. ``check=False``: also where it failed."""


class StepError(Exception):
    """A step cannot go on; the message says why and what to do."""


def run(command: list[str], *, check: bool = True, show: bool = False) -> str:
    """StepError: the program is missing or failed."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=None if show else subprocess.PIPE, text=True)  # noqa: S603
    except FileNotFoundError as error:
        raise StepError(f"{command[0]} is not installed; docs/deploying.md says what is needed.") from error
    if check and done.returncode != 0:
        raise StepError(f"{' '.join(command)} ended with {done.returncode}.")
    return done.stdout or ""


class Steps:
    """The steps of one release of one project. ``release``: as ``make bundle`` tells it; {} for what needs none."""

    def __init__(
        self, project: str, region: str, environment: str, release: Mapping[str, Any], run: Run = run
    ) -> None:
        self.project = project
        self.region = region
        self.environment = environment
        self.bundle = str(release.get("bundle", ""))
        self.functions: Mapping[str, Any] = release.get("functions", {})
        self._run = run

    def plan(self) -> None:
        apis = [f"{name}.googleapis.com" for name in APIS]
        self._run(["gcloud", "services", "enable", *apis, "--project", self.project])
        for bucket in ("terraform", "deploy"):
            self._ensure_bucket(f"gs://{self.project}-{bucket}")
        packed = DIST / self.bundle
        if packed.exists():
            self._run(["gcloud", "storage", "cp", "--no-clobber", str(packed), f"gs://{self.project}-deploy/"])
        self._init()
        values = {"project": self.project, "region": self.region, "bundle": self.bundle}
        given = [f"-var={name}={value}" for name, value in values.items()]
        self._terraform("plan", f"-out={DIST / 'plan'}", f"-var-file=environments/{self.environment}.tfvars", *given)

    def approval(self, wait: Callable[[float], object] | None = None) -> None:
        """By the object that ``approve`` writes, named by the plan: what was not seen is not applied."""
        wanted, wait = self._approval(), wait or threading.Event().wait
        sys.stdout.write(f"To approve: make approve PROJECT={self.project} PLAN={wanted.rpartition('/')[2]}\n")
        for _ in range(APPROVAL_SECONDS // LOOK_SECONDS):
            if self._run(["gcloud", "storage", "ls", wanted], check=False).strip():
                return
            wait(LOOK_SECONDS)
        raise StepError(f"Nobody approved within {APPROVAL_SECONDS // 3600} hours.")

    def approve(self, plan: str) -> None:
        """Whoever may write into the bucket PROJECT-approvals may approve; the builder may not."""
        note = DIST / "approved"
        note.write_text(plan + "\n")
        self._run(["gcloud", "storage", "cp", str(note), f"gs://{self.project}-approvals/{plan}"])

    def apply(self) -> None:
        self._terraform("apply", str(DIST / "plan"))
        found = {service: self._described(service)["status"] for service in self._services()}
        latest = {service: str(status["latestReadyRevisionName"]) for service, status in found.items()}
        if all(_tagged(status, "candidate") == latest[service] for service, status in found.items()):
            return  # this release was here before; what is tagged may have begun to serve
        serving = {service: _serving(service, status) for service, status in found.items()}
        for service, revision in latest.items():
            # Of a service that this release leaves as it is, too: to go back is to go back to what all were together.
            before = f",previous={serving[service]}" if serving != latest and serving[service] else ""
            self._traffic(service, f"--update-tags=candidate={revision}{before}")

    def smoke(self) -> None:
        base = self._output("base_url")
        small = base.endswith(".web.app")
        for name, function in self.functions.items():
            if function["public"]:
                url = self._candidate(self._service(name))["url"] if small else base
                smoke.ask(url, function["paths"], candidate=self.bundle)

    def traffic(self) -> None:
        for service in self._services():
            self._traffic(service, f"--to-revisions={self._candidate(service)['revisionName']}=100")

    def rollback(self) -> None:
        """All or none: whether each service has a revision to go back to is asked first, of Google alone."""
        listed = json.loads(self._run([*self._of_services("list"), "--format=json"]))
        ours = {one["metadata"]["name"]: one["status"] for one in listed if _tagged(one["status"], "candidate")}
        previous = {service: _tagged(status, "previous") for service, status in ours.items()}
        if not previous or not all(previous.values()):
            raise StepError("There is nothing to go back to: one release was deployed, or none.")
        for service, revision in previous.items():
            self._traffic(service, f"--to-revisions={revision}=100")

    def restored(self, database: str) -> None:
        """From now on ``database`` is the one that Terraform describes; ``deploy`` sends the functions there."""
        if not database:
            raise StepError("Name the database: --database restored.")
        self._init()
        kept = self._run(["terraform", "-chdir=terraform", "state", "list"]).split()
        if gone := restored.forgotten(kept):
            self._run(["terraform", "-chdir=terraform", "state", "rm", *gone])
        asked = ["gcloud", "firestore", "indexes", "composite", "list", "--database", database]
        found = json.loads(self._run([*asked, "--project", self.project, "--format=json"]))
        restored.write(self.project, database, found)

    def _services(self) -> list[str]:
        """Those behind queues first: an older caller may meet a newer one, which reads what the older wrote."""
        return [self._service(name) for name in sorted(self.functions, key=lambda n: self.functions[n]["public"])]

    def _service(self, function: str) -> str:
        return function.replace("_", "-")

    def _of_services(self, *words: str) -> list[str]:
        return ["gcloud", "run", "services", *words, "--region", self.region, "--project", self.project]

    def _described(self, service: str) -> Any:
        return json.loads(self._run(self._of_services("describe", service, "--format=json")))

    def _traffic(self, service: str, change: str) -> None:
        self._run(self._of_services("update-traffic", service, change))

    def _candidate(self, service: str) -> Any:
        for part in self._described(service)["status"]["traffic"]:
            if part.get("tag") == "candidate":
                return part
        raise StepError(f"{service} has no revision with the tag candidate: make apply first.")

    def _init(self) -> None:
        bucket = f"-backend-config=bucket={self.project}-terraform"
        self._terraform("init", "-reconfigure", bucket, "-backend-config=prefix=weftly")

    def _terraform(self, step: str, *arguments: str) -> None:
        self._run(["terraform", "-chdir=terraform", step, "-input=false", *arguments], show=True)

    def _output(self, name: str) -> str:
        return self._run(["terraform", "-chdir=terraform", "output", "-raw", name]).strip()

    def _ensure_bucket(self, url: str) -> None:
        if self._run(["gcloud", "storage", "ls", "--buckets", url], check=False).strip():
            return
        guarded = ["--uniform-bucket-level-access", "--public-access-prevention"]
        self._run(
            [
                "gcloud",
                "storage",
                "buckets",
                "create",
                url,
                "--project",
                self.project,
                "--location",
                self.region,
                *guarded,
            ]
        )
        self._run(["gcloud", "storage", "buckets", "update", url, "--versioning"])

    def _approval(self) -> str:
        return f"gs://{self.project}-approvals/{hashlib.sha256((DIST / 'plan').read_bytes()).hexdigest()}"


def _tagged(status: Mapping[str, Any], tag: str) -> str:
    """The revision with this tag, or none."""
    return next((str(part["revisionName"]) for part in status["traffic"] if part.get("tag") == tag), "")


def _serving(service: str, status: Mapping[str, Any]) -> str:
    """The revision that gets all calls; none, where none gets any."""
    found = sorted({str(part["revisionName"]) for part in status["traffic"] if part.get("percent")})
    if len(found) > 1:
        raise StepError(f"{service} has its calls spread over {', '.join(found)}: send all of them to one first.")
    return next(iter(found), "")


STEPS = ("plan", "approval", "apply", "smoke", "traffic", "rollback", "approve", "restored")
NEED_NO_RELEASE = {"rollback", "approve", "restored"}
GIVEN = {"approve": ("plan",), "restored": ("database",)}


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.google", description="One step of a deployment.")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--project", required=True)
    parser.add_argument("--region", default="us-central1")
    parser.add_argument("--env", default="dev", help="dev, staging or prod: terraform/environments/ENV.tfvars")
    parser.add_argument("--bundle", default="", help="an older one, instead of the one just made")
    parser.add_argument("--plan", default="", help="of approve: which plan, as approval says it")
    parser.add_argument("--database", default="", help="of restored: the name of the database")
    given = parser.parse_args(arguments)
    try:
        release: dict[str, Any] = {}
        if given.step not in NEED_NO_RELEASE:
            release = json.loads((DIST / "release.json").read_text())
            release |= {"bundle": given.bundle} if given.bundle else {}
        step = getattr(Steps(given.project, given.region, given.env, release), given.step)
        step(*(getattr(given, name) for name in GIVEN.get(given.step, ())))
    except (StepError, smoke.SmokeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except FileNotFoundError as error:
        sys.stderr.write(f"error: {error.filename} is not there: make bundle, then make plan.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
