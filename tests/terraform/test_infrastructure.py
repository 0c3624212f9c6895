"""Is everything there that the manifest, the code and the index file name, and nothing else?"""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hcl import ROOT, TERRAFORM, blocks, computed, needs_terraform, resources, text, values

from deploy import bundle
from local import manifest as local_manifest
from local.gateway.urlmap import UrlMap

MANIFEST: Mapping[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))
FUNCTIONS: Mapping[str, Any] = MANIFEST["functions"]

OF_EVERY_FUNCTION = [
    ("google_cloudfunctions2_function", "function"),
    ("google_service_account", "function"),
    ("google_cloud_run_v2_service_iam_member", "caller"),
    ("google_monitoring_alert_policy", "function"),
]
MADE_FROM = {
    ("google_cloud_tasks_queue", "queue"): "queues",
    ("google_pubsub_topic", "topic"): "topics",
    ("google_pubsub_subscription", "push"): "pushed",
    ("google_cloud_scheduler_job", "job"): "scheduled",
    ("google_monitoring_alert_policy", "schedule_silent"): "scheduled",
    ("google_project_iam_custom_role", "role"): "custom_roles",
}
"""What is made for each of an output of ``terraform/manifest``."""


@pytest.mark.parametrize(("type_", "name"), OF_EVERY_FUNCTION)
def test_every_function_of_the_manifest_has_its_own(type_: str, name: str) -> None:
    assert resources(type_)[name]["for_each"] == "${local.functions}"
    assert values("locals")["functions"] == "${module.manifest.functions}"


BESIDE = {
    "google_service_account": {"invoker", "builder", "scanner", "pipeline"},
    "google_cloud_run_v2_service_iam_member": {"scanner"},
    "google_cloud_run_v2_service": {"scanner"},
}
"""What runs, or who may call what runs, and comes from no function."""


def test_nothing_runs_that_is_neither_a_function_nor_meant() -> None:
    made = {type_: {name} for type_, name in OF_EVERY_FUNCTION if type_ != "google_monitoring_alert_policy"}
    for type_ in made.keys() | BESIDE.keys():
        assert set(resources(type_)) == made.get(type_, set()) | BESIDE.get(type_, set()), type_
    runs = ("google_cloud_run_", "google_cloudfunctions", "google_app_engine_", "google_compute_instance")
    used = {block.type for block in blocks("resource") if block.type.startswith(runs)}
    assert used == {type_ for type_ in made.keys() | BESIDE.keys() if type_.startswith(runs)}


@pytest.mark.parametrize(("type_", "name"), MADE_FROM)
def test_what_the_manifest_names_is_made_and_nothing_else(type_: str, name: str) -> None:
    assert resources(type_)[name]["for_each"] == f"${{module.manifest.{MADE_FROM[type_, name]}}}"
    others = set(resources(type_)) - {name} - {n for t, n in (*MADE_FROM, *OF_EVERY_FUNCTION) if t == type_}
    assert others <= {"dead_letters", "platform", "own", "unreachable", "budget_burns"}


@needs_terraform
def test_terraform_reads_the_manifest_as_the_local_cloud_does() -> None:
    read = local_manifest.load(ROOT / "functions" / "manifest.yaml")
    here = computed()
    assert set(here["functions"]) == {function.name for function in read.functions} == set(FUNCTIONS)
    assert set(here["queues"]) == set(read.queues)
    assert set(here["topics"]) == set(read.topics)
    assert set(here["buckets"]) == set(read.buckets)
    assert here["service_account"] == read.service_account
    for output, trigger in {"scheduled": "schedule", "pushed": "pubsub"}.items():
        assert set(here[output]) == {function.name for function in read.functions if function.trigger == trigger}
    assert all(function.topic in read.topics for function in read.functions if function.trigger == "pubsub")


@needs_terraform
def test_paths_lead_where_the_local_gateway_sends_them() -> None:
    routes = computed()["routes"]
    assert sorted((r["path"], r["function"]) for r in routes) == sorted(
        (path, name) for name, function in FUNCTIONS.items() for path in function.get("paths", [])
    )
    assert [r["priority"] for r in routes] == list(range(10, 10 + 2 * len(routes), 2)), (
        "each has room for a candidate"
    )
    expected = UrlMap({name: function.get("paths", []) for name, function in FUNCTIONS.items()})
    asked = {
        path.replace("**", tail).replace("*", "it") for r in routes for path in [r["path"]] for tail in ("x", "x/y")
    }
    asked |= {path.replace("/it", "/executions") for path in asked}
    for path in asked:
        first = next((r["function"] for r in routes if _pattern(r["path"]).fullmatch(path)), None)
        assert first == expected.find(path.encode()), path


def _pattern(template: str) -> re.Pattern[str]:
    """https://cloud.google.com/load-balancing/docs/url-map-concepts#wildcards-regx-dynamic-path"""
    return re.compile(re.escape(template).replace(r"\*\*", ".+").replace(r"\*", "[^/]+"))


def test_a_function_runs_from_its_file_in_the_bundle() -> None:
    build = resources("google_cloudfunctions2_function")["function"]["build_config"][0]
    source = build["environment_variables"]["GOOGLE_FUNCTION_SOURCE"]
    for name in FUNCTIONS:
        assert source.replace("${each.key}", name) == bundle.starter(name)
    assert build["runtime"] == "python311"


def test_indexes_and_fields_are_those_of_the_file_and_no_others() -> None:
    content = json.loads((TERRAFORM / "firestore.indexes.json").read_bytes())
    keys = {
        " ".join(
            [
                index["collectionGroup"],
                index["queryScope"],
                *(f"{f['fieldPath']}:{f.get('order') or f.get('arrayConfig') or 'VECTOR'}" for f in index["fields"]),
            ]
        )
        for index in content["indexes"]
    }
    assert len(keys) == len(content["indexes"]), "two indexes would have one address"
    fields = {f"{field['collectionGroup']}.{field['fieldPath']}" for field in content["fieldOverrides"]}
    assert len(fields) == len(content["fieldOverrides"])
    assert set(resources("google_firestore_index")) == {"composite"}
    assert resources("google_firestore_index")["composite"]["for_each"] == "${local.indexes}"
    assert set(resources("google_firestore_field")) == {"override"}
    assert resources("google_firestore_field")["override"]["for_each"] == "${local.fields}"
    assert 'jsondecode(file("${path.module}/firestore.indexes.json"))' in text()


def test_every_secret_of_the_manifest_is_made_and_no_other() -> None:
    assert set(resources("google_secret_manager_secret")) == {"setting"}
    assert resources("google_secret_manager_secret")["setting"]["for_each"] == "${local.secrets}"
    assert "secrets_of = { for name, function in local.functions : name => try(function.secrets, []) }" in text()


def test_variables_are_read_and_environments_set_what_there_is() -> None:
    declared = set(re.findall(r'(?m)^variable "(\w+)"', (TERRAFORM / "variables.tf").read_text(encoding="utf-8")))
    assert declared == set(re.findall(r"\bvar\.(\w+)", "".join(p.read_text() for p in TERRAFORM.glob("*.tf"))))
    for path in (TERRAFORM / "environments").glob("*.tfvars"):
        assert set(re.findall(r"(?m)^(\w+) +=", path.read_text(encoding="utf-8"))) <= declared, path
    assert {path.stem for path in (TERRAFORM / "environments").glob("*.tfvars")} == {"dev", "staging", "prod"}


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    alerts = (TERRAFORM / "alerts.tf").read_text(encoding="utf-8")
    named: set[str] = set()
    for part in ("alerts", "queries"):
        block = re.search(rf"(?s)  {part} = \{{\n(.*?)\n  \}}\n", alerts)
        assert block is not None
        named |= set(re.findall(r"(?m)^    (\w+) = \{", block[1]))
    named |= set(re.findall(r'content   = "\$\{local\.runbooks\}#(\w+)"', alerts))
    assert len(re.findall(r'resource "google_monitoring_alert_policy"', alerts)) == alerts.count("${local.runbooks}#")
    runbooks = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^## (\w+)$", runbooks)) == named
