"""What does the gateway do with requests that are not ordinary?"""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from launched import Launch


@pytest.fixture
def gateway(launch: Launch) -> Iterator[str]:
    launched = launch().wait_until_up()
    yield launched.gateway
    assert launched.end() == 0


def test_paths_and_bodies_reach_the_function_or_a_json_404(gateway: str) -> None:
    assert httpx.get(f"{gateway}/health").json()["path"] == "/health"
    assert httpx.post(f"{gateway}/echo/a%2Fb", content=bytes(50_000_000)).json() == {
        "path": "/echo/a/b",
        "length": 50_000_000,
    }
    for path in ("/", "/nothing", "/echo/../health", "/echo/%2e%2e/health"):
        connection = http.client.HTTPConnection(urlsplit(gateway).netloc)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (404, "application/json"), path
        connection.close()


def test_every_method_passes_over_one_kept_connection(gateway: str) -> None:
    with httpx.Client(base_url=gateway) as client:
        head = client.head("/echo")
        assert (head.status_code, head.content) == (200, b"")
        odd = client.request("FOO", "/echo")
        assert (odd.status_code, odd.headers["content-type"]) == (405, "application/json")
        assert odd.headers["x-request-id"]
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert client.request(method, "/echo/x").json()["path"] == "/echo/x"
