"""Has each function the roles that its code needs, and no other? What it may come to is read from its sources."""

from collections.abc import Mapping
from typing import Any

import pytest
import reach
import yaml
from hcl import ROOT

MANIFEST: Mapping[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))
FUNCTIONS: Mapping[str, Any] = MANIFEST["functions"]
GCP, VAULT = "shared.gcp", "shared.services.vault"
CALLS = {
    "roles/cloudtasks.enqueuer": ("tasks", {"create"}),
    "roles/pubsub.publisher": ("pubsub", {"publish"}),
    "roles/storage.objectUser": ("storage", {"client"}),
    "roles/iam.serviceAccountTokenCreator": ("signing", {"signer"}),
    "message_sender": ("push", {"send"}),
    "account_manager": ("accounts", {"set_role", "set_disabled", "delete"}),
}
"""A role -> the module of ``shared/gcp``, and which of its definitions need it."""
ASKED_OF_ACCOUNTS = {
    ("auth", "account"),
    ("auth", "verifier"),
    ("accounts", "find_many"),
    ("accounts", "find_by_email"),
}
BUCKETS = {
    "files": {("storage", "_bucket"), ("file_objects", "_files")},
    "quarantine": {("file_objects", "_quarantine")},
}
CLIENTS = {"tasks": "tasks", "pubsub": "pubsub", "storage": "storage", "kms": "kms"}
LESS = {("tick", "roles/cloudkms.cryptoKeyEncrypterDecrypter"): "roles/cloudkms.cryptoKeyDecrypter"}
"""A mailbox that is looked at has a password, and only what is refreshed is sealed anew."""


def _comes_to(function: str) -> set[reach.Place]:
    """Of ``shared/gcp``: the module's short name, and the definition."""
    places = reach.reached(FUNCTIONS[function]["source"])
    return {(module.removeprefix(f"{GCP}."), name) for module, name in places if module.startswith(f"{GCP}.")}


def _roles(function: str) -> set[str]:
    found = _comes_to(function)
    needed = {role for role, (module, names) in CALLS.items() if found & {(module, name) for name in names}}
    if found & ASKED_OF_ACCOUNTS and "account_manager" not in needed:
        needed.add("roles/firebaseauth.viewer")
    places = reach.reached(FUNCTIONS[function]["source"])
    if (VAULT, "real") in places:
        seals = any(reach.mentions(places, VAULT, method) for method in ("seal", "rewrap"))
        needed.add(f"roles/cloudkms.cryptoKey{'Encrypter' if seals else ''}Decrypter")
    return {LESS.get((function, role), role) for role in needed} | {"roles/datastore.user"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_roles_that_it_needs_and_no_other(function: str) -> None:
    assert sorted(FUNCTIONS[function]["roles"]) == sorted(_roles(function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_reaches_the_buckets_that_it_needs_and_no_other(function: str) -> None:
    found = _comes_to(function)
    needed = {bucket for bucket, places in BUCKETS.items() if found & places}
    assert set(FUNCTIONS[function].get("buckets", [])) == needed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_the_clients_that_it_may_come_to(function: str) -> None:
    found = _comes_to(function)
    made = {
        client for client, module in CLIENTS.items() if (module, "_client") in found or (module, "client") in found
    }
    assert set(FUNCTIONS[function]["clients"]) & set(CLIENTS) == made


def test_what_is_read_of_the_sources_is_there() -> None:
    """A renamed definition would be needed by nobody."""
    named = {(module, name) for module, names in CALLS.values() for name in names} | ASKED_OF_ACCOUNTS
    for module, name in named | BUCKETS["files"] | BUCKETS["quarantine"]:
        assert name in reach.read(f"{GCP}.{module}").parts
    assert "real" in reach.read(VAULT).parts
