"""Which credentials a graph asks for, and what is said where one is missing."""

from typing import Any

from shared.domain import credentials, interface, validation
from shared.domain.graph import Graph, Link, Node, NodeId
from shared.domain.spec import BlockSpec, CredentialsPin


def _spec(block_type: str, **pins: CredentialsPin) -> BlockSpec:
    return BlockSpec(
        block_type=block_type,
        inputs={},
        outputs={},
        pure=False,
        static_output=False,
        max_attempts=1,
        version=1,
        many_pins=lambda _: frozenset(),
        coerce=lambda _, value: value,
        credentials=lambda _: pins,
    )


CATALOG = {
    "PLAIN": _spec("PLAIN"),
    "MAIL": _spec(
        "MAIL", credentials=CredentialsPin(provider="google", kinds=("oauth2",), where="there", scopes=("mail",))
    ),
    "DAYS": _spec(
        "DAYS", credentials=CredentialsPin(provider="google", kinds=("oauth2",), where="there", scopes=("days",))
    ),
    "MAPS": _spec("MAPS", credentials=CredentialsPin(provider="google", kinds=("api_key",), where="there")),
    "LLM": _spec("LLM", key=CredentialsPin(provider="openai", kinds=("api_key",), where="x", required=False)),
}


def _graph(*types: str, links: list[Link] | None = None, **more: Any) -> Graph:
    nodes = [Node(id=NodeId(f"n{n}"), block_type=one, **more) for n, one in enumerate(types)]
    return Graph(nodes=nodes, links=links or [])


def _problems(graph: Graph) -> list[str]:
    return [one.field for one in validation.problems(graph, CATALOG)]


def test_nodes_of_one_provider_share_a_credential_with_the_scopes_of_both():
    schema = interface.credentials_schema(_graph("MAIL", "DAYS"), CATALOG)
    assert list(schema["properties"]) == schema["required"] == ["google"]
    asked = schema["properties"]["google"]
    assert (asked["kinds"], asked["scopes"], asked["nodes"]) == (["oauth2"], ["mail", "days"], ["n0", "n1"])


def test_kinds_that_have_nothing_in_common_are_asked_for_apart():
    schema = interface.credentials_schema(_graph("MAIL", "MAPS"), CATALOG)
    assert schema["required"] == ["google", "google_api_key"]
    assert schema["properties"]["google_api_key"]["nodes"] == ["n1"]


def test_what_a_block_can_do_without_is_offered_and_no_problem():
    graph = _graph("LLM")
    assert interface.credentials_schema(graph, CATALOG)["required"] == []
    assert list(interface.credentials_schema(graph, CATALOG)["properties"]) == ["openai"]
    assert _problems(graph) == []


def test_a_missing_credential_is_a_problem_with_its_place_until_one_is_chosen():
    assert _problems(_graph("PLAIN", "MAIL")) == ["nodes[1].input_data.credentials"]
    assert validation.problems(_graph("MAIL"), CATALOG)[0].blocking
    for chosen in ("abc", {"id": "abc", "provider": "google"}):
        assert _problems(_graph("MAIL", input_data={"credentials": chosen})) == []
    for empty in ("", None, {"provider": "google"}):
        assert _problems(_graph("MAIL", input_data={"credentials": empty})) == ["nodes[0].input_data.credentials"]


def test_a_node_whose_credentials_are_optional_lacks_none():
    assert _problems(_graph("MAIL", metadata={credentials.OPTIONAL: True})) == []
    assert _problems(_graph("MAIL", metadata={credentials.OPTIONAL: "yes"})) != []


def test_a_link_may_supply_the_credential():
    link = Link(id="l", source_id=NodeId("n0"), source_name="out", sink_id=NodeId("n1"), sink_name="credentials")
    graph = _graph("PLAIN", "MAIL", links=[link])
    assert _problems(graph) == []
    assert interface.credentials_schema(graph, CATALOG)["properties"] == {}


def test_a_choice_is_by_node_by_provider_or_by_provider_and_kind_and_the_sharpest_counts():
    graph = _graph("MAIL", "MAPS", "PLAIN")
    mail, maps, plain = graph.nodes
    by_all = {"n0": "mine", "google": "any", "google_api_key": "maps"}
    assert credentials.chosen(mail, CATALOG["MAIL"], by_all) == {"credentials": "mine"}
    assert credentials.chosen(maps, CATALOG["MAPS"], by_all) == {"credentials": "any"}
    assert credentials.chosen(maps, CATALOG["MAPS"], {"google_api_key": "maps"}) == {"credentials": "maps"}
    assert credentials.chosen(maps, CATALOG["MAPS"], {"github": "other"}) == {}
    assert credentials.chosen(plain, CATALOG["PLAIN"], by_all) == {}


def test_with_its_choices_a_graph_lacks_nothing():
    graph = _graph("MAIL", "UNKNOWN")
    assert credentials.with_choices(graph, CATALOG, {}) is graph
    chosen = credentials.with_choices(graph, CATALOG, {"google": "c1"})
    assert [node.input_data for node in chosen.nodes] == [{"credentials": "c1"}, {}]
    assert not any(use.is_missing for use in credentials.uses(chosen, CATALOG))
