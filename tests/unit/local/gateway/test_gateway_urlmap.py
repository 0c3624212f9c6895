"""Which function does a path belong to?"""

import pytest

from local.gateway.urlmap import UrlMap, split

PATHS = {
    "graphs": ["/health", "/static/**", "/api/v1/graphs", "/api/v1/graphs/**"],
    "executions": ["/api/v1/executions", "/api/v1/executions/**", "/api/v1/graphs/*/executions"],
    "files": ["/api/v1/*/files", "/api/v1/graphs/*/*"],
}


@pytest.mark.parametrize(
    ("path", "function"),
    [
        (b"/health", "graphs"),
        (b"/api/v1/graphs", "graphs"),
        (b"/api/v1/graphs/g1", "graphs"),
        (b"/api/v1/graphs/g1/executions", "executions"),
        (b"/api/v1/graphs/g1/versions", "files"),
        (b"/api/v1/graphs/g1/executions/e1", "graphs"),
        (b"/api/v1/graphs/files", "graphs"),
        (b"/api/v1/users/files", "files"),
        (b"/api/v1/graphs/", "graphs"),
        (b"/api/v1/graphs/a%2Fb", "graphs"),
        (b"/api/v1/graphs/a%2Fb/executions", "executions"),
        (b"/static/css/page.css", "graphs"),
        (b"/static/..hidden", "graphs"),
    ],
)
def test_the_most_specific_template_wins(path: bytes, function: str) -> None:
    assert UrlMap(PATHS).find(path) == function


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/health/",
        b"/healthy",
        b"/static",
        b"//health",
        b"/api//v1/graphs",
        b"/api/v1//files",
        b"/static/../api/v1/graphs",
        b"/static/%2e%2E/health",
        b"/static/a%2F..%2Fb",
        b"/static/..%5Cb",
        b"/static/./a",
        b"/static/a%00b",
        b"/static/a%0Ab",
        b"*",
        b"http://example.com/health",
    ],
)
def test_other_paths_belong_to_nobody(path: bytes) -> None:
    assert UrlMap(PATHS).find(path) is None


def test_an_encoded_slash_stays_inside_its_segment() -> None:
    assert split(b"/a%2Fb/c%20d") == ["a/b", "c d"]


@pytest.mark.parametrize("template", ["health", "/**/health"])
def test_a_template_that_is_none_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="expected /segment"):
        UrlMap({"graphs": [template]})


def test_a_template_of_two_functions_is_refused() -> None:
    with pytest.raises(ValueError, match="both graphs and users"):
        UrlMap({"graphs": ["/me"], "users": ["/me"]})
