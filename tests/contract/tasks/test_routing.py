"""Production's URLs lead to where a function listens now."""

import pytest

from local.routing import NotRoutedError, Routes

HOST = "https://us-central1-weftly-local.cloudfunctions.net"


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        (f"{HOST}/run_node", "http://127.0.0.1:8001"),
        (f"{HOST}/run_node/", "http://127.0.0.1:8001/"),
        (f"{HOST}/run_node/a/b?c=d&e=%2F", "http://127.0.0.1:8001/a/b?c=d&e=%2F"),
        (f"{HOST}/run_node?x=1", "http://127.0.0.1:8001?x=1"),
        ("https://example.com/run_node?x=1", "https://example.com/run_node?x=1"),
        ("http://127.0.0.1:9/run_node", "http://127.0.0.1:9/run_node"),
    ],
)
def test_resolve(url, resolved):
    routes = Routes()
    routes.register("run_node", "http://127.0.0.1:8001/")
    assert routes.resolve(url) == resolved


def test_a_function_that_moved_is_found_at_its_new_place():
    routes = Routes()
    routes.register("run_node", "http://127.0.0.1:8001")
    routes.register("run_node", "http://127.0.0.1:8002/sub")
    assert routes.resolve(f"{HOST}/run_node/a") == "http://127.0.0.1:8002/sub/a"


def test_a_function_that_does_not_run_here_never_reaches_the_real_cloud():
    with pytest.raises(NotRoutedError, match="run_node"):
        Routes().resolve(f"{HOST}/run_node")
