"""An exported file has no secret in it, and everything else."""

import json
from typing import Any

import pytest

from shared.blocks import catalog
from shared.domain.graph import Graph, GraphId, Node, NodeId
from shared.interop import exporting, secrets
from shared.interop.exporting import Exported, Reference
from tests.interop import made

PLANTED = "planted-7f3a"


def exported(block_type: str, input_data: dict[str, Any], children: dict[Reference, Exported] | None = None) -> Any:
    graph = Graph(nodes=[Node(id=NodeId("n"), block_type=block_type, input_data=input_data)], links=[])
    return exporting.file(_version("g", graph), children or {}, made.whole_catalog())


def _version(graph_id: str, graph: Graph) -> Exported:
    return Exported(graph_id=GraphId(graph_id), number=1, texts={"name": "x"}, graph=graph)


@pytest.mark.parametrize(
    ("block_type", "input_data"),
    [
        ("LLM", {"credentials_id": PLANTED}),
        ("AI_TEXT_GENERATOR", {"credentials": {"id": PLANTED}}),
        ("AI_TEXT_GENERATOR", {"credentials_#_id": PLANTED}),
        ("AGENT_INPUT", {"name": "key", "secret": True, "value": PLANTED}),
        ("AGENT_SHORT_TEXT_INPUT", {"name": "key", "secret": True, "value": PLANTED}),
        ("AGENT_INPUT", {"name": "key", "secret": True, "value_#_a": PLANTED}),
        ("AGENT_OUTPUT", {"name": "key", "secret": True, "value": PLANTED}),
        ("SQL_QUERY", {"host": PLANTED, "database": "d", "query": "select 1"}),
        ("SEND_WEB_REQUEST", {"url": "https://a.example", "headers": {"Authorization": f"Bearer {PLANTED}"}}),
        ("SEND_WEB_REQUEST", {"url": "https://a.example", "headers": {"x-api-key": PLANTED, "COOKIE": PLANTED}}),
        ("SEND_WEB_REQUEST", {"url": "https://a.example", "headers_#_X-Auth-Token": PLANTED}),
        ("PLACEHOLDER", {"missing_block": "x", "data": {"a": [{"bot_token": PLANTED, "password": PLANTED}]}}),
    ],
)
def test_a_secret_is_left_out(block_type: str, input_data: dict[str, Any]) -> None:
    assert PLANTED not in json.dumps(exported(block_type, input_data))


@pytest.mark.parametrize(
    ("block_type", "input_data"),
    [
        ("LLM", {"prompt": "a", "max_tokens": 7}),
        ("CREATE_DICTIONARY", {"values": {"token": "a", "password": "b"}}),
        ("FIND_IN_DICTIONARY", {"key": "api_key"}),
        ("AGENT_INPUT", {"name": "key", "secret": False, "value": "a"}),
        (
            "SEND_WEB_REQUEST",
            {"url": "u", "headers": {"Accept": "a", "Idempotency-Key": "1"}, "body": {"token": "a"}},
        ),
        ("PLACEHOLDER", {"missing_block": "x", "data": {"max_tokens": 7, "needs_credentials": True, "token": False}}),
    ],
)
def test_what_is_none_stays(block_type: str, input_data: dict[str, Any]) -> None:
    [node] = exported(block_type, input_data)["nodes"]
    assert node["input_default"] == input_data.get("data", input_data)


def test_what_a_sub_agent_is_given_for_a_secret_input_is_left_out() -> None:
    secret = Node(
        id=NodeId("k"), block_type="AGENT_INPUT", input_data={"name": "key", "secret": True, "value": PLANTED}
    )
    child = _version("c", Graph(nodes=[secret], links=[]))
    given = {"graph_id": "c", "key": PLANTED, "inputs": {"key": PLANTED, "b": 1}, "inputs_#_key": PLANTED}
    file = exported("AGENT_EXECUTOR", given, {("c", None): child})
    assert PLANTED not in json.dumps(file)
    assert file["nodes"][0]["input_default"] == {"graph_id": file["sub_graphs"][0]["id"], "inputs": {"b": 1}}


SECRET_PINS = {("READ_PDF", "password"), ("VERIFY_JWT", "token")}
"""Literals that are secrets, though no credentials: an export leaves them out."""


def test_every_pin_of_the_library_that_is_called_like_a_secret_is_known() -> None:
    named = {
        (block.block_type, pin)
        for block in catalog.all()
        for pin in block.Input.model_fields
        if secrets.is_secret(pin) and pin not in {*block.credentials, "secret"}
    }
    assert named == SECRET_PINS
    assert not any(
        secrets.is_secret(name) for name in ("page_token", "next_page_token", "nextPageToken", "max_tokens")
    )
