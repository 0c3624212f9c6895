"""Who may do what? Nothing primitive, nobody administers, and what is public is what the manifest calls public."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hcl import ROOT, TERRAFORM, blocks, computed, needs_terraform, resources, text

MANIFEST: Mapping[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))
FUNCTIONS: Mapping[str, Any] = MANIFEST["functions"]
CUSTOM = MANIFEST["custom_roles"]
PRIMITIVE = {"roles/owner", "roles/editor", "roles/viewer", "roles/browser"}
NEEDED = {
    "firestore": "roles/datastore.user",
    "tasks": "roles/cloudtasks.enqueuer",
    "pubsub": "roles/pubsub.publisher",
}
"""A client -> the role without which it can do nothing."""


def roles(function: str) -> list[str]:
    return [*FUNCTIONS[function]["roles"], *MANIFEST["roles_of_all"]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_no_primitive_role_and_administers_nothing(function: str) -> None:
    for role in roles(function):
        assert role in CUSTOM or re.fullmatch(r"roles/[a-z]+\.[a-zA-Z]+", role), role
        assert role not in PRIMITIVE
        assert not role.lower().endswith("admin"), role
        permissions = CUSTOM.get(role, {}).get("permissions", [])
        assert not [p for p in permissions if p.endswith((".setIamPolicy", ".actAs", "*"))]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_its_clients_are_for(function: str) -> None:
    clients = FUNCTIONS[function]["clients"]
    assert {NEEDED[client] for client in clients if client in NEEDED} <= set(roles(function))
    assert ("kms" in clients) == any(role.startswith("roles/cloudkms.") for role in roles(function))
    if "auth" in clients:
        assert {"roles/firebaseauth.viewer", "account_manager"} & set(roles(function))
    if FUNCTIONS[function]["trigger"] == "tasks":
        assert "roles/storage.objectUser" in roles(function), "large values lie in the bucket"


def test_custom_roles_are_used() -> None:
    assert set(CUSTOM) <= {role for function in FUNCTIONS for role in roles(function)}


@needs_terraform
def test_every_grant_is_made_once_and_as_near_to_its_resource_as_can_be() -> None:
    grants = [(g["function"], g["role"]) for of in computed()["grants"].values() for g in of.values()]
    assert sorted(grants) == sorted((name, role) for name in FUNCTIONS for role in roles(name))
    kinds = {kind: {grant["role"] for grant in of.values()} for kind, of in computed()["grants"].items()}
    assert kinds["queue"] == {"roles/cloudtasks.enqueuer"}
    assert kinds["topic"] == {"roles/pubsub.publisher"}
    assert kinds["bucket"] == {
        role for name in FUNCTIONS for role in roles(name) if role.startswith("roles/storage.")
    }
    assert not {role for role in kinds["project"] if role.startswith(("roles/storage.", "roles/cloudkms."))}


def test_no_resource_gives_a_primitive_role_or_binds_all_members() -> None:
    assert not [role for role in PRIMITIVE if f'"{role}"' in text()]
    given = {(b.address, str(b.body.get("role", ""))) for b in blocks("resource") if "_iam_" in b.type}
    assert not [(address, role) for address, role in given if role.lower().endswith("admin")]
    authoritative = {
        block.type for block in blocks("resource") if block.type.endswith(("_iam_policy", "_iam_binding"))
    }
    assert authoritative == set()


def test_only_the_pipeline_administers_and_it_cannot_approve_itself() -> None:
    administers = set(re.findall(r'"(roles/[\w.]+[aA]dmin)"', text()))
    pipeline = (TERRAFORM / "pipeline.tf").read_text(encoding="utf-8")
    assert administers == set(re.findall(r'"(roles/[\w.]+[aA]dmin)"', pipeline))
    member = resources("google_project_iam_member")["pipeline"]
    assert member["member"] == "${google_service_account.pipeline[0].member}"
    (condition,) = member["dynamic"][0]["condition"]["content"]
    assert "!resource.name.startsWith" in condition["expression"]
    assert "-approvals/" in condition["expression"]


def test_only_what_the_manifest_calls_public_is_public() -> None:
    assert text().count("allUsers") == 2
    assert "allAuthenticatedUsers" not in text()
    caller = resources("google_cloud_run_v2_service_iam_member")["caller"]
    assert caller["member"] == '${each.value.public ? "allUsers" : google_service_account.invoker.member}'
    assert caller["role"] == "roles/run.invoker"
    public = resources("google_storage_bucket_iam_member")["public"]
    assert (public["member"], public["for_each"]) == ("allUsers", "${local.public_buckets}")
    assert "if try(bucket.public, false) }" in text()
    assert {name for name, bucket in MANIFEST["buckets"].items() if (bucket or {}).get("public")} == {"web"}
    assert resources("google_storage_bucket")["bucket"]["public_access_prevention"] == "enforced"


def test_what_is_not_public_is_reached_from_inside_alone() -> None:
    ingress = resources("google_cloudfunctions2_function")["function"]["service_config"][0]["ingress_settings"]
    assert '!each.value.public ? "ALLOW_INTERNAL_ONLY"' in ingress


def test_who_makes_tasks_may_give_them_the_invokers_token() -> None:
    grant = resources("google_service_account_iam_member")["acts_as_invoker"]
    assert grant["role"] == "roles/iam.serviceAccountUser"
    assert grant["for_each"] == "${local.makes_tasks}"
    assert grant["service_account_id"] == "${google_service_account.invoker.name}"
