"""GitHub: issues and files.

https://docs.github.com/en/rest/issues/issues, …/rest/issues/comments, …/rest/repos/contents.
"""

import base64
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors

GITHUB = api.Service(
    name="GitHub",
    url="https://api.github.com",
    need=Need(
        provider="github",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        scopes=("repo",),
        hosts=("api.github.com",),
        where="https://github.com/settings/personal-access-tokens",
    ),
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2026-03-10", "User-Agent": "weftly"},
)
_PAGE = 100


class RepositoryInput(BlockInput):
    credentials: Any = api.credentials_pin("GitHub")
    repository: str = Field(description="owner/name, or the address of the repository.")


def repository(text: str) -> str:
    """``/repos/owner/name``. BlockError where ``text`` is neither that nor an address of it."""
    parts = text.strip().removesuffix("/").removesuffix(".git").removeprefix("https://github.com/").split("/")
    if len(parts) != 2 or not all(parts):
        raise errors.BlockError(f"{text!r} is no repository: write owner/name")
    return api.path("repos", *parts)


class GithubCreateIssueBlock(Block):
    block_type = "GITHUB_CREATE_ISSUE"
    category = "DEVELOPER"
    description = "Opens an issue in a repository on GitHub."
    max_attempts = 3
    credentials = GITHUB.needed()
    examples = [
        Example(
            title="An issue", input={"repository": "ann/tides", "title": "High water is late", "labels": ["bug"]}
        ),
        api.without_credentials({"repository": "ann/tides", "title": "High water is late"}),
    ]

    class Input(RepositoryInput):
        title: str = Field(description="The title.")
        body: str = Field(default="", description="The text, in Markdown.")
        labels: list[str] = Field(default=[], description="Labels.")
        assignees: list[str] = Field(default=[], description="Login names of those who take it.")

    class Output(BlockOutput):
        number: int = Field(description="The number of the issue.")
        url: str = Field(description="Its address.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        body = input.model_dump(include={"title", "body", "labels", "assignees"})
        issue = await github.post(f"{repository(input.repository)}/issues", json=body)
        yield "number", issue["number"]
        yield "url", issue["html_url"]


class GithubCommentBlock(Block):
    block_type = "GITHUB_COMMENT"
    category = "DEVELOPER"
    description = "Comments on an issue or a pull request on GitHub."
    max_attempts = 3
    credentials = GITHUB.needed()
    examples = [
        Example(title="A comment", input={"repository": "ann/tides", "number": 7, "comment": "Confirmed."}),
        api.without_credentials({"repository": "ann/tides", "number": 7, "comment": "Confirmed."}),
    ]

    class Input(RepositoryInput):
        number: int = Field(description="The number of the issue or pull request.")
        comment: str = Field(description="The comment, in Markdown.")

    class Output(BlockOutput):
        id: int = Field(description="The id of the comment.")
        url: str = Field(description="Its address.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        route = f"{repository(input.repository)}/issues/{input.number}/comments"
        comment = await github.post(route, json={"body": input.comment})
        yield "id", comment["id"]
        yield "url", comment["html_url"]


class GithubReadIssueBlock(Block):
    block_type = "GITHUB_READ_ISSUE"
    category = "DEVELOPER"
    description = "Gives an issue or a pull request on GitHub."
    max_attempts = 3
    credentials = GITHUB.needed()
    examples = [
        Example(title="An issue", input={"repository": "ann/tides", "number": 7}),
        api.without_credentials({"repository": "ann/tides", "number": 7}),
    ]

    class Input(RepositoryInput):
        number: int = Field(description="The number of the issue or pull request.")

    class Output(BlockOutput):
        title: str = Field(description="The title.")
        body: str = Field(description="The text, in Markdown.")
        user: str = Field(description="The login name of who opened it.")
        state: str = Field(description="open or closed.")
        labels: list[str] = Field(description="Its labels.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        issue = await github.get(f"{repository(input.repository)}/issues/{input.number}")
        yield "title", issue["title"]
        yield "body", issue["body"] or ""
        yield "user", issue["user"]["login"]
        yield "state", issue["state"]
        yield "labels", [one["name"] for one in issue["labels"]]


class GithubListIssuesBlock(Block):
    block_type = "GITHUB_LIST_ISSUES"
    category = "DEVELOPER"
    description = "Lists the issues of a repository on GitHub, the newest first, without pull requests."
    max_attempts = 3
    emits_many = frozenset({"issue"})
    credentials = GITHUB.needed()
    examples = [
        Example(title="Open ones", input={"repository": "ann/tides", "labels": ["bug"]}),
        api.without_credentials({"repository": "ann/tides"}),
    ]

    class Input(RepositoryInput):
        state: str = Field(default="open", description="open, closed or all.")
        labels: list[str] = Field(default=[], description="Only those with all of these labels.")
        limit: int = Field(default=30, ge=1, le=1000, description="How many at most.")

    class Output(BlockOutput):
        issue: dict[str, Any] = Field(description="Each: number, title, state, url, user, labels.")
        issues: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        params: dict[str, Any] = {"state": input.state, "per_page": _PAGE, "page": 1}
        if input.labels:
            params["labels"] = ",".join(input.labels)
        found: list[dict[str, Any]] = []
        while len(found) < input.limit:
            page = await github.get(f"{repository(input.repository)}/issues", params=params)
            found += [_issue(one) for one in page if "pull_request" not in one]
            if len(page) < _PAGE:
                break
            params["page"] += 1
        for pair in api.several(found[: input.limit], "issue", "issues"):
            yield pair


def _issue(issue: Any) -> dict[str, Any]:
    return {
        "number": issue["number"],
        "title": issue["title"],
        "state": issue["state"],
        "url": issue["html_url"],
        "user": issue["user"]["login"],
        "labels": [one["name"] for one in issue["labels"]],
    }


class GithubReadFileBlock(Block):
    block_type = "GITHUB_READ_FILE"
    category = "DEVELOPER"
    description = "Gives the text of a file in a repository on GitHub."
    max_attempts = 3
    credentials = GITHUB.needed()
    examples = [
        Example(title="A file", input={"repository": "ann/tides", "path": "README.md"}),
        api.without_credentials({"repository": "ann/tides", "path": "README.md"}),
    ]

    class Input(RepositoryInput):
        path: str = Field(description="Where the file is.")
        ref: str = Field(default="", description="A branch, tag or commit; without one the default branch.")

    class Output(BlockOutput):
        content: str = Field(description="The text.")
        sha: str = Field(description="What identifies this content.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        params = {"ref": input.ref} if input.ref else {}
        found = await github.get(_contents(input.repository, input.path), params=params)
        if not isinstance(found, dict) or found.get("encoding") != "base64":
            raise github.refused(f"has no text file {input.path!r} of less than a megabyte")
        yield "content", base64.b64decode(found["content"]).decode("utf-8", "replace")
        yield "sha", found["sha"]


def _contents(repository_name: str, path: str) -> str:
    return f"{repository(repository_name)}/contents{api.path(*path.strip().strip('/').split('/'))}"


class GithubWriteFileBlock(Block):
    block_type = "GITHUB_WRITE_FILE"
    category = "DEVELOPER"
    description = "Writes a file in a repository on GitHub, as a commit of its own: a new one, or over one."
    max_attempts = 3
    credentials = GITHUB.needed()
    examples = [
        Example(
            title="A file", input={"repository": "ann/tides", "path": "log.txt", "content": "high", "message": "Log"}
        ),
        api.without_credentials({"repository": "ann/tides", "path": "log.txt", "content": "high", "message": "Log"}),
    ]

    class Input(RepositoryInput):
        path: str = Field(description="Where the file is to be.")
        content: str = Field(description="All of its text.")
        message: str = Field(description="The message of the commit.")
        branch: str = Field(default="", description="The branch; without one the default branch.")

    class Output(BlockOutput):
        url: str = Field(description="The address of the file.")
        sha: str = Field(description="The commit.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        github = await GITHUB.open(context, input.credentials)
        route = _contents(input.repository, input.path)
        branch = {"branch": input.branch} if input.branch else {}
        before = await github.find(route, params={"ref": input.branch} if input.branch else {})
        content = base64.b64encode(input.content.encode()).decode()
        body = {"message": input.message, "content": content, **branch, **({"sha": before["sha"]} if before else {})}
        made = await github.put(route, json=body)
        yield "url", made["content"]["html_url"]
        yield "sha", made["commit"]["sha"]
