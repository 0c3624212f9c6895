"""The real exports of 2024 import without loss: every node, link, pin and default of them is accounted for."""

import json
from typing import Any

import pytest

from tests.interop import made

REAL = pytest.mark.parametrize("raw", made.REAL.values(), ids=made.REAL)


@REAL
def test_everything_in_it_is_accounted_for_and_no_block_is_missing(raw: dict[str, Any]) -> None:
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    assert "PLACEHOLDER" not in made.types_of(imported)
    assert imported.report.resource()["missing"] == []


@REAL
def test_nodes_and_links_keep_their_ids_ends_positions_and_order(raw: dict[str, Any]) -> None:
    body = made.imported(raw).graphs[0].body
    assert [(one["id"], one["position"]) for one in body["nodes"]] == [
        (one["id"], one["metadata"]["position"]) for one in raw["nodes"]
    ]
    ends = ("id", "source_id", "source_name", "sink_id")
    assert [[one[end] for end in ends] for one in body["links"]] == [
        [one[end] for end in ends] for one in raw["links"]
    ]


def test_a_link_with_a_secret_leads_to_the_credentials_and_still_decides_when_the_node_fires() -> None:
    body = made.imported(made.REAL["discord-chatbot-with-history-v145"]).graphs[0].body
    [moved] = [one for one in body["links"] if one["id"] == "412771b2-62f6-4200-85b1-35cd64902a0e"]
    assert moved["sink_name"] == "credentials"


def test_secrets_of_the_other_platform_are_not_kept() -> None:
    raw = json.loads(json.dumps(made.REAL["medium-blogger-v28"]).replace('"api_key": ""', '"api_key": "sk-live-1"'))
    imported = made.imported(raw)
    assert "sk-live-1" not in json.dumps([one.body for one in imported.graphs])
    assert "sk-live-1" not in json.dumps(imported.report.resource())
    changed = [one["place"] for one in imported.report.resource()["changed"] if one["kind"] == "default"]
    assert changed == ["nodes[1].input_default.api_key", "nodes[4].input_default.api_key"]


def test_what_was_true_of_the_file_alone_is_said() -> None:
    imported = made.imported(made.REAL["medium-blogger-v28"])
    fields = {one.place: one.outcome for one in imported.report.entries if one.kind == "field"}
    assert fields == {
        "name": "understood",
        "description": "understood",
        "is_active": "changed",
        "is_template": "understood",
    }
