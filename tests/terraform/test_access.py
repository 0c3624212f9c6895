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
RULES = re.compile(r"(?i)(admin|owner)$")
"""How a role ends that administers; of Firestore and of buckets they are called owner."""
PUBSUB = "${google_project_service_identity.pubsub.member}"
GRANTS = {
    "google_project_iam_member.function": (
        '${startswith(each.value.role, "roles/") ? each.value.role : '
        "google_project_iam_custom_role.role[each.value.role].id}",
        "${local.account_of[each.value.function]}",
    ),
    **{
        f"google_{on}_iam_member.{name}": ("${each.value.role}", "${local.account_of[each.value.function]}")
        for on, name in {
            "kms_crypto_key": "function",
            "cloud_tasks_queue": "function",
            "pubsub_topic": "function",
            "storage_bucket": "function",
            "service_account": "itself",
        }.items()
    },
    "google_service_account_iam_member.acts_as_invoker": (
        "roles/iam.serviceAccountUser",
        "${local.account_of[each.key]}",
    ),
    "google_secret_manager_secret_iam_member.reader": (
        "roles/secretmanager.secretAccessor",
        "${google_service_account.function[each.value.function].member}",
    ),
    "google_cloud_run_v2_service_iam_member.caller": (
        "roles/run.invoker",
        '${each.value.public ? "allUsers" : google_service_account.invoker.member}',
    ),
    "google_cloud_run_v2_service_iam_member.scanner": (
        "roles/run.invoker",
        "${google_service_account.function[each.key].member}",
    ),
    "google_storage_bucket_iam_member.public": ("roles/storage.objectViewer", "allUsers"),
    "google_pubsub_topic_iam_member.told_by_storage": (
        "roles/pubsub.publisher",
        "serviceAccount:${data.google_storage_project_service_account.this.email_address}",
    ),
    "google_service_account_iam_member.pubsub_asks_for_tokens": ("roles/iam.serviceAccountTokenCreator", PUBSUB),
    "google_pubsub_topic_iam_member.dead_letters": ("roles/pubsub.publisher", PUBSUB),
    "google_pubsub_subscription_iam_member.forwards_dead_letters": ("roles/pubsub.subscriber", PUBSUB),
    "google_bigquery_dataset_iam_member.audit": (
        "roles/bigquery.dataEditor",
        "${google_logging_project_sink.audit.writer_identity}",
    ),
    "google_project_iam_member.builder": ("${each.key}", "${google_service_account.builder.member}"),
    "google_project_iam_member.pipeline": ("${each.key}", "${google_service_account.pipeline[0].member}"),
    "google_storage_bucket_iam_member.approver": ("roles/storage.objectCreator", "${each.key}"),
    "google_storage_bucket_iam_member.sees_approvals": (
        "roles/storage.objectViewer",
        "${google_service_account.pipeline[0].member}",
    ),
}
"""Every grant that Terraform makes: its role, and to whom. A new one is looked at here."""


def roles(function: str) -> list[str]:
    return [*FUNCTIONS[function]["roles"], *MANIFEST["roles_of_all"]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_no_primitive_role_and_administers_nothing(function: str) -> None:
    for role in roles(function):
        assert role in CUSTOM or re.fullmatch(r"roles/[a-z]+\.[a-zA-Z]+", role), role
        assert role not in PRIMITIVE
        assert not RULES.search(role), role
        permissions = CUSTOM.get(role, {}).get("permissions", [])
        assert not [p for p in permissions if p.endswith((".setIamPolicy", ".actAs", "*"))]


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


def test_every_grant_is_one_that_is_meant() -> None:
    given = {
        block.address: block.body for block in blocks("resource") if "_iam_" in block.type and "member" in block.body
    }
    assert {address: (body["role"], body["member"]) for address, body in given.items()} == GRANTS
    assert not [role for role in PRIMITIVE if f'"{role}"' in text()]


def test_no_resource_binds_all_members() -> None:
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
    assert resources("google_cloud_run_v2_service_iam_member")["caller"]["for_each"] == "${local.functions}"
    assert resources("google_storage_bucket_iam_member")["public"]["for_each"] == "${local.public_buckets}"
    assert "if try(bucket.public, false) }" in text()
    assert {name for name, bucket in MANIFEST["buckets"].items() if (bucket or {}).get("public")} == {"web"}
    assert resources("google_storage_bucket")["bucket"]["public_access_prevention"] == "enforced"


def test_what_is_not_public_is_reached_from_inside_alone() -> None:
    ingress = resources("google_cloudfunctions2_function")["function"]["service_config"][0]["ingress_settings"]
    assert '!each.value.public ? "ALLOW_INTERNAL_ONLY"' in ingress


def test_people_sign_in_from_our_own_pages_alone() -> None:
    """The buckets of everybody share the host storage.googleapis.com."""
    config = resources("google_identity_platform_config")["this"]
    assert "googleapis.com" not in str(config["authorized_domains"])
    (key,) = resources("google_apikeys_key")["web"]["restrictions"]
    assert "googleapis.com" not in str(key["browser_key_restrictions"])


def test_who_makes_tasks_may_give_them_the_invokers_token() -> None:
    grant = resources("google_service_account_iam_member")["acts_as_invoker"]
    assert grant["for_each"] == "${local.makes_tasks}"
    assert grant["service_account_id"] == "${google_service_account.invoker.name}"


def test_who_builds_images_reads_no_bucket_of_ours_but_that_of_sources() -> None:
    """``pip install`` runs what libraries bring along, as this account."""
    (condition,) = resources("google_project_iam_member")["builder"]["dynamic"][0]["condition"]["content"]
    ours = r"resource.name.startsWith(\"projects/_/buckets/${var.project}-"
    assert condition["expression"] == rf"!{ours}\") || {ours}deploy/\")"
    assert re.search(r"for_each = each\.key == \"roles/storage\.objectViewer\"", text())
    assert '"${var.project}-${each.key}"' in text(), "names of buckets begin with the project's"
