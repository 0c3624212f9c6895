"""Can it be applied to an empty project? Nothing is asked of an API before it is on, and nothing waits for itself."""

import functools
import json
import re
from typing import Any

from hcl import ROOT, TERRAFORM, Block, blocks, evaluated, needs_terraform, resources, values

from deploy import restored
from shared.config import Settings


@functools.cache
def _graph() -> dict[str, Block]:
    return {block.address: block for block in blocks("resource")}


def _text(value: Any) -> str:
    match value:
        case dict():
            return " ".join(map(_text, value.values()))
        case list():
            return " ".join(map(_text, value))
        case _:
            return str(value)


def _named(text: str, seen: set[str]) -> set[str]:
    """Resources that an expression names, through locals as well."""
    found = set(re.findall(r"\b(google_\w+\.\w+)", text)) & set(_graph())
    for name in set(re.findall(r"\blocal\.(\w+)", text)) - seen:
        seen.add(name)
        found |= _named(_text(values("locals").get(name, "")), seen)
    return found


@functools.cache
def _needs(address: str) -> set[str]:
    return _named(_text(_graph()[address].body), set())


def _before(address: str) -> set[str]:
    """All that has to be there before a resource is made."""
    found: set[str] = set()
    new = set(_needs(address))
    while new:
        found |= new
        new = {needed for one in new for needed in _needs(one)} - found
    return found


def test_every_resource_waits_until_the_apis_are_on() -> None:
    first = "google_project_service.api"
    assert [address for address in _graph() if address != first and first not in _before(address)] == []


def test_nothing_waits_for_itself() -> None:
    assert [address for address in _graph() if address in _before(address)] == []


def test_accounts_of_google_are_asked_for_before_they_get_a_role() -> None:
    """What ``data`` or ``google_project_service_identity`` gives is there; an address put together may not be."""
    for path in TERRAFORM.glob("*.tf"):
        assert "@gcp-sa-" not in path.read_text(encoding="utf-8"), path.name
    push = resources("google_service_account_iam_member")["pubsub_asks_for_tokens"]
    assert push["member"] == "${google_project_service_identity.pubsub.member}"
    assert push["service_account_id"] == "${google_service_account.invoker.name}"


def test_callers_use_the_url_that_functions_check() -> None:
    """Terraform's URLs of a function, and the code's, are the same: address of the call and audience of its token."""
    template = str(values("locals")["functions_url"])
    assert template == "https://{service}-${data.google_project.this.number}.${var.region}.run.app"
    settings = Settings(functions_url=template)
    assert settings.function_url("run_node") == template.replace("{service}", "run-node")
    assert settings.function_url("tick") == template.replace("{service}", "tick")
    assert Settings(functions_url="https://at.example/").function_url("run_node") == "https://at.example/run_node"
    assert "local.functions_url" in resources_text("functions.tf")
    for type_, name, block in (
        ("google_pubsub_subscription", "push", "push_config"),
        ("google_cloud_scheduler_job", "job", "http_target"),
    ):
        (call,) = resources(type_)[name][block]
        (token,) = call["oidc_token"]
        assert call.get("push_endpoint", call.get("uri")) == token["audience"] == "${local.url_of[each.key]}"


def resources_text(file: str) -> str:
    return (ROOT / "terraform" / file).read_text(encoding="utf-8")


def test_rules_of_the_url_map_come_in_the_order_of_their_priorities() -> None:
    rules = str(values("locals")["rules"])
    assert re.findall(r"priority = (route\.priority[^,]*),", rules) == ["route.priority", "route.priority + 1"], rules
    matcher = resources("google_compute_url_map")["main"]["path_matcher"][0]
    (dynamic,) = matcher["dynamic"]
    assert dynamic["route_rules"]["for_each"] == "${local.rules}"


@needs_terraform
def test_a_vector_index_says_where_firestore_puts_the_name() -> None:
    """Else the provider finds a change in every plan, and makes the index anew."""
    indexes = json.loads((TERRAFORM / "firestore.indexes.json").read_bytes())["indexes"]
    (vectors,) = (index["fields"] for index in indexes if "vectorConfig" in index["fields"][-1])
    expression = str(values("locals")["fields_of"]).removeprefix("${").removesuffix("}")
    asked = expression.replace(
        "local.indexes", f"{{ v = jsondecode({json.dumps(json.dumps({'fields': vectors}))}) }}"
    )
    (fields,) = evaluated(asked).values()
    assert fields == [*vectors[:-1], {"fieldPath": "__name__", "order": "ASCENDING"}, vectors[-1]]
    assert all(field["order"] == "ASCENDING" for field in vectors[:-1])


@needs_terraform
def test_a_restore_knows_indexes_by_the_names_that_terraform_computes() -> None:
    source = (TERRAFORM / "firestore.tf").read_text(encoding="utf-8")
    expression = re.search(r"(?ms)^  indexes = (\{.*?^  \})", source)
    assert expression is not None
    file = TERRAFORM / "firestore.indexes.json"
    asked = expression[1].replace("local.index_file", f'jsondecode(file("{file}"))')
    indexes = json.loads(file.read_bytes())["indexes"]
    assert evaluated(f"keys({asked})") == sorted(map(restored.key, indexes))


def test_transactions_lock_as_those_that_the_engine_is_tested_with() -> None:
    assert resources("google_firestore_database")["main"]["concurrency_mode"] == "PESSIMISTIC"
