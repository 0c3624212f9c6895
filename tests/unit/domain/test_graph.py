"""Is a node found by its id?"""

from shared.domain.graph import Graph, Node, NodeId


def test_nodes_are_found_by_their_ids():
    nodes = [Node(id=NodeId(name), block_type="BLOCK") for name in ("a", "b")]
    assert Graph(nodes=nodes, links=[]).by_id == {"a": nodes[0], "b": nodes[1]}
