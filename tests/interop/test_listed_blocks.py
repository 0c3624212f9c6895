"""Every block of the list comes in from an export, with every pin linked and every default set."""

import re
from typing import Any

import pytest

from shared.interop import listed
from tests.interop import made

README = (made.FOLDER / "exports" / "README.md").read_text(encoding="utf-8")
OLDER = re.findall(r"(?m)^\| `([0-9a-z-]{36})` \| `([0-9a-f-]{36})` \|$", README)
EVERY = pytest.mark.parametrize("block_type", sorted(made.LIST))
VALUES: dict[str, Any] = {
    "bool": True, "dict": {"k": "v"}, "float": 1.5, "int": 5, "list": ["a"], "str": "5", "SecretStr": "db",
}  # fmt: skip


def value_for(block_type: str, pin: str) -> Any:
    """A value that the pin's listed type takes."""
    type_ = made.LIST[block_type]["inputs"][pin]["type"]
    if (block_type, pin) in SPECIAL:
        return SPECIAL[block_type, pin]
    if type_ in made.ENUMS:
        return made.ENUMS[type_][0]
    base = re.sub(r"^(?:Optional|Union)\[(.*)\]$", r"\1", type_).lower()
    found = next((value for name, value in VALUES.items() if base.startswith(name.lower())), None)
    default = made.LIST[block_type]["inputs"][pin].get("default", "")
    return found or (default.strip("'") if default.startswith("'") else "2026-01-01")


BEFORE = {"GENERIC_WEBHOOK_TRIGGER": ["AGENT_INPUT"]}
"""Blocks that bring others with them: tests/interop/test_triggers.py."""
SPECIAL: dict[tuple[str, str], Any] = {
    ("AGENT_TIME_INPUT", "value"): "09:30:00",
    ("AGENT_FILE_INPUT", "value"): "data:text/plain,a",
    ("ADD_MEMORY", "content"): {"discriminator": "content", "content": "a"},
    ("DATA_FOR_SEO_RELATED_KEYWORDS", "depth"): 2,
    ("AGENT_GOOGLE_DRIVE_FILE_INPUT", "value"): {"id": "f1", "name": "a"},
    ("AGENT_GOOGLE_DRIVE_FILE_INPUT", "allowed_views"): ["DOCS"],
    ("FIRECRAWL_CRAWL", "formats"): ["markdown"],
    ("GMAIL_FORWARD", "content_type"): "plain",
    ("GMAIL_REPLY", "content_type"): "plain",
    ("GMAIL_SEND", "content_type"): "plain",
    ("SEND_EMAIL", "config"): {"smtp_server": "mail.example.com", "smtp_port": 587},
}


@EVERY
def test_with_every_pin_linked_no_link_is_lost(block_type: str) -> None:
    if block_type == "AGENT_EXECUTOR":
        pytest.skip("its pins are those of the graph that it runs: tests/interop/test_sub_agents.py")
    block = made.LIST[block_type]
    nodes = [made.node("in", "AGENT_INPUT", {"name": "x"}), made.node("it", block_type)]
    nodes.append(made.node("out", "AGENT_OUTPUT", {"name": "y"}))
    links = [f"in.result -> it.{pin}" for pin in block["inputs"]]
    links += [f"it.{pin} -> out.value" for pin in [*block["outputs"], "error"]]
    raw = made.export(nodes, links)
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    assert made.types_of(imported) == ["AGENT_INPUT", block_type, "AGENT_OUTPUT"]
    assert [(one["source_name"], one["sink_name"]) for one in imported.graphs[0].body["links"]] == [
        (one["source_name"], one["sink_name"]) for one in raw["links"]
    ]
    assert [one for one in imported.report.entries if one.outcome != "understood"] == []


@EVERY
def test_with_every_default_set_none_is_lost_but_credentials(block_type: str) -> None:
    if block_type == "AGENT_EXECUTOR":
        pytest.skip("its defaults say which graph it runs: tests/interop/test_sub_agents.py")
    defaults = {pin: value_for(block_type, pin) for pin in made.LIST[block_type]["inputs"]}
    raw = made.export([made.node("it", block_type, defaults)])
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    here, *before = imported.graphs[0].body["nodes"]
    assert [one["block_type"] for one in before] == BEFORE.get(block_type, [])
    kept = {pin: value for pin, value in defaults.items() if pin != "credentials"}
    assert here["input_data"] == kept
    assert here["metadata"] == {}


@EVERY
def test_with_no_default_at_all_it_comes_in(block_type: str) -> None:
    if block_type == "AGENT_EXECUTOR":
        pytest.skip("without a graph there is nothing to run: tests/interop/test_sub_agents.py")
    imported = made.imported(made.export([made.node("it", block_type)]))
    assert made.types_of(imported) == [block_type, *BEFORE.get(block_type, [])]


@pytest.mark.parametrize("dynamic", ["values_#_key", "values_#_a_$_0_@_b", "values_$_0", "values_@_attr"])
def test_parts_of_pins_are_pins_on_both_sides(dynamic: str) -> None:
    nodes = [made.node("a", "CREATE_DICTIONARY", {"values": {}}), made.node("b", "CREATE_DICTIONARY")]
    raw = made.export(nodes, [f"a.{dynamic.replace('values', 'dictionary')} -> b.{dynamic}"])
    [moved] = made.imported(raw).graphs[0].body["links"]
    assert (moved["source_name"], moved["sink_name"]) == (dynamic.replace("values", "dictionary"), dynamic)


def test_the_page_lists_thirteen_older_ids() -> None:
    assert len(OLDER) == 13


@pytest.mark.parametrize(("older", "id_"), OLDER)
def test_an_older_id_means_the_block_of_today(older: str, id_: str) -> None:
    block = listed.everything()[id_]
    raw = made.export([{**made.node("it", block.block_type), "block_id": older}])
    imported = made.imported(raw)
    assert made.types_of(imported) == [block.block_type]
    [entry] = [one for one in imported.report.entries if one.kind == "node"]
    assert entry.outcome == "changed"
    assert "older id" in entry.message


def test_every_block_of_the_list_is_here() -> None:
    assert set(made.LIST) - set(made.HERE) == set()


def test_the_mail_server_of_an_older_export_is_kept_without_its_password() -> None:
    older = {"smtp_server": "mail.example.com", "smtp_port": 587, "smtp_username": "ann", "smtp_password": "s3cret"}
    raw = made.export([made.node("mail", "SEND_EMAIL", {"to_email": "b@example.com", "creds": older})])
    imported = made.imported(raw)
    [node] = imported.graphs[0].body["nodes"]
    config = {"smtp_server": "mail.example.com", "smtp_port": 587}
    assert node["input_data"] == {"to_email": "b@example.com", "config": config}
    made.assert_accounted(raw, imported)
