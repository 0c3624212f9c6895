"""GitHub."""

from typing import Any

from double import BEARER, Ask, Case

URL = "https://api.github.com/repos/ann/tides"
KEY = {"authorization": BEARER, "x-github-api-version": "2026-03-10"}


def issue(number: int, **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "title": "Late",
        "body": None,
        "state": "open",
        "html_url": f"https://github.com/ann/tides/issues/{number}",
        "user": {"login": "bob"},
        "labels": [{"name": "bug"}],
        **more,
    }


def seen(number: int) -> dict[str, Any]:
    url = f"https://github.com/ann/tides/issues/{number}"
    return {"number": number, "title": "Late", "state": "open", "url": url, "user": "bob", "labels": ["bug"]}


def page(number: int, answer: list[Any]) -> Ask:
    return Ask(method="GET", url=f"{URL}/issues?state=all&per_page=100&page={number}", headers=KEY, answer=answer)


FILE = {"content": {"html_url": "https://github.com/ann/tides/blob/main/a/b.txt"}, "commit": {"sha": "c0"}}

CASES = [
    Case(
        block="GITHUB_CREATE_ISSUE",
        input={"repository": "https://github.com/ann/tides.git", "title": "Late", "labels": ["bug"]},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/issues",
                headers=KEY,
                sent={"title": "Late", "body": "", "labels": ["bug"], "assignees": []},
                status=201,
                answer=issue(7),
            )
        ],
        tokens=[("number", 7), ("url", "https://github.com/ann/tides/issues/7")],
    ),
    Case(
        block="GITHUB_CREATE_ISSUE",
        title="no repository",
        input={"repository": "tides", "title": "Late"},
        asks=[],
        fails="write owner/name",
    ),
    Case(
        block="GITHUB_COMMENT",
        input={"repository": "ann/tides", "number": 7, "comment": "So it is."},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/issues/7/comments",
                headers=KEY,
                sent={"body": "So it is."},
                status=201,
                answer={"id": 99, "html_url": "https://github.com/ann/tides/issues/7#issuecomment-99"},
            )
        ],
        tokens=[("id", 99), ("url", "https://github.com/ann/tides/issues/7#issuecomment-99")],
    ),
    Case(
        block="GITHUB_READ_ISSUE",
        input={"repository": "ann/tides", "number": 7},
        asks=[Ask(method="GET", url=f"{URL}/issues/7", headers=KEY, answer=issue(7))],
        tokens=[("title", "Late"), ("body", ""), ("user", "bob"), ("state", "open"), ("labels", ["bug"])],
    ),
    Case(
        block="GITHUB_LIST_ISSUES",
        input={"repository": "ann/tides", "state": "all", "limit": 2},
        asks=[
            page(1, [issue(n, pull_request={}) for n in range(100, 1, -1)] + [issue(1)]),
            page(2, [issue(0)]),
        ],
        tokens=[("issue", seen(1)), ("issue", seen(0)), ("issues", [seen(1), seen(0)])],
    ),
    Case(
        block="GITHUB_READ_FILE",
        input={"repository": "ann/tides", "path": "docs/a b.md", "ref": "v1"},
        asks=[
            Ask(
                method="GET",
                url=f"{URL}/contents/docs/a%20b.md?ref=v1",
                headers=KEY,
                answer={"type": "file", "encoding": "base64", "content": "w6k=\n", "sha": "f0"},
            )
        ],
        tokens=[("content", "é"), ("sha", "f0")],
    ),
    Case(
        block="GITHUB_READ_FILE",
        title="a folder",
        input={"repository": "ann/tides", "path": "docs"},
        asks=[Ask(method="GET", url=f"{URL}/contents/docs", answer=[{"name": "a.md"}])],
        fails="no text file 'docs'",
    ),
    Case(
        block="GITHUB_READ_FILE",
        title="upwards",
        input={"repository": "ann/tides", "path": "../../../user"},
        asks=[],
        fails="cannot stand in an address",
    ),
    Case(
        block="GITHUB_WRITE_FILE",
        input={"repository": "ann/tides", "path": "a/b.txt", "content": "hi", "message": "Log", "branch": "log"},
        asks=[
            Ask(method="GET", url=f"{URL}/contents/a/b.txt?ref=log", headers=KEY, status=404, answer={}),
            Ask(
                method="PUT",
                url=f"{URL}/contents/a/b.txt",
                headers=KEY,
                sent={"message": "Log", "content": "aGk=", "branch": "log"},
                status=201,
                answer=FILE,
            ),
        ],
        tokens=[("url", "https://github.com/ann/tides/blob/main/a/b.txt"), ("sha", "c0")],
    ),
    Case(
        block="GITHUB_WRITE_FILE",
        title="over another, moved",
        input={"repository": "ann/tides", "path": "b.txt", "content": "hi", "message": "Log"},
        asks=[
            Ask(
                method="GET",
                url=f"{URL}/contents/b.txt",
                status=301,
                location="https://api.github.com/repositories/5/contents/b.txt",
            ),
            Ask(
                method="GET",
                url="https://api.github.com/repositories/5/contents/b.txt",
                headers=KEY,
                answer={"sha": "old"},
            ),
            Ask(
                method="PUT",
                url=f"{URL}/contents/b.txt",
                sent={"message": "Log", "content": "aGk=", "sha": "old"},
                answer=FILE,
            ),
        ],
    ),
    Case(
        block="GITHUB_READ_ISSUE",
        title="moved elsewhere",
        input={"repository": "ann/tides", "number": 7},
        asks=[Ask(method="GET", url=f"{URL}/issues/7", status=301, location="https://evil.example/7")],
        fails="its credentials go to api.github.com alone",
    ),
    Case(
        block="GITHUB_READ_ISSUE",
        title="round in circles",
        input={"repository": "ann/tides", "number": 7},
        asks=[Ask(method="GET", url=f"{URL}/issues/7", status=302, location=f"{URL}/issues/7")] * 4,
        fails="another address",
    ),
]
