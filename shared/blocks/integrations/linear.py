"""Linear: issues.

https://linear.app/developers/graphql: GraphQL, which answers 200 also to what it refuses, and 400 with the code
RATELIMITED where there were too many requests (https://linear.app/developers/rate-limiting). An issue may bring its
own id (a UUID), so that a repeated request makes no second one, but finds the first.
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import ApiKey, Credential, Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors


def _authorize(credential: Credential) -> api.Options:
    """An API key goes as it is, an access token as a bearer."""
    if isinstance(credential, ApiKey):
        return {"headers": {"Authorization": credential.api_key}}
    return api.bearer(credential)


LINEAR = api.Service(
    name="Linear",
    url="https://api.linear.app",
    need=Need(
        provider="linear",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        scopes=("read", "issues:create"),
        hosts=("api.linear.app",),
        where="https://linear.app/settings/account/security",
    ),
    authorize=_authorize,
)
_CREATE = """mutation($input: IssueCreateInput!) {
  issueCreate(input: $input) { issue { id identifier title url } } }"""
_SEARCH = """query($term: String!, $first: Int!) {
  searchIssues(term: $term, first: $first) {
    nodes { id identifier title description url state { name } assignee { name } } } }"""
_ISSUE = "query($id: String!) { issue(id: $id) { id identifier title url } }"
_TEAM = "query($key: String!) { teams(filter: { key: { eq: $key } }) { nodes { id } } }"


async def asked(linear: api.Session, query: str, variables: Mapping[str, Any]) -> Any:
    """The data. BlockError with what Linear says."""
    answer = await linear.request(
        "POST", "/graphql", accept=(400,), json={"query": query, "variables": dict(variables)}
    )
    body = linear.parsed(answer)
    if not isinstance(body, dict) or (answer.status_code == 400 and "errors" not in body):
        raise linear.refused(f"answered {answer.status_code}: {api.said(answer)}")
    read = cast(Mapping[str, Any], body)
    if read.get("errors"):
        raise _failure(linear, read["errors"])
    return read["data"]


def _failure(linear: api.Session, said: Sequence[Mapping[str, Any]]) -> errors.BlockError:
    codes = {(one.get("extensions") or {}).get("code") for one in said}
    what = f"refused: {'; '.join(one['message'] for one in said)}"
    if "RATELIMITED" in codes:
        return linear.busy(what)
    return linear.unauthorized(what) if "AUTHENTICATION_ERROR" in codes else linear.refused(what)


class LinearCreateIssueBlock(Block):
    block_type = "LINEAR_CREATE_ISSUE"
    category = "DEVELOPER"
    description = "Opens an issue in Linear."
    max_attempts = 3
    credentials = LINEAR.needed()
    examples = [
        Example(title="An issue", input={"team": "TID", "title": "High water is late", "priority": 2}),
        api.without_credentials({"team": "TID", "title": "High water is late"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Linear")
        team: str = Field(description="The key of the team, as in its issues' names: TID of TID-7.")
        title: str = Field(description="The title.")
        description: str = Field(default="", description="The text, in Markdown.")
        priority: int = Field(default=0, ge=0, le=4, description="1 (urgent) to 4 (low); 0: none.")

    class Output(BlockOutput):
        identifier: str = Field(description="Its name: TID-7.")
        url: str = Field(description="Its address.")
        issue: dict[str, Any] = Field(description="id, identifier, title, url.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        linear = await LINEAR.open(context, input.credentials)
        teams = (await asked(linear, _TEAM, {"key": input.team.strip().upper()}))["teams"]["nodes"]
        if not teams:
            raise linear.refused(f"has no team with the key {input.team!r}")
        issue = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"weftly:{context.idempotency_key}")),
            "teamId": teams[0]["id"],
            **input.model_dump(include={"title", "description", "priority"}),
        }
        made = await _created(linear, issue)
        yield "identifier", made["identifier"]
        yield "url", made["url"]
        yield "issue", made


async def _created(linear: api.Session, issue: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return (await asked(linear, _CREATE, {"input": issue}))["issueCreate"]["issue"]
    except errors.Retryable:
        raise
    except errors.BlockError as refused:
        try:
            return (await asked(linear, _ISSUE, {"id": issue["id"]}))["issue"]
        except errors.BlockError:
            raise refused from None  # there is none of ours: what was said at first counts


class LinearSearchIssuesBlock(Block):
    block_type = "LINEAR_SEARCH_ISSUES"
    category = "DEVELOPER"
    description = "Searches issues in Linear by their words."
    max_attempts = 3
    emits_many = frozenset({"issue"})
    credentials = LINEAR.needed()
    examples = [
        Example(title="By words", input={"term": "high water"}),
        api.without_credentials({"term": "high water"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Linear")
        term: str = Field(description="What to look for.")
        limit: int = Field(default=20, ge=1, le=100, description="How many at most.")

    class Output(BlockOutput):
        issue: dict[str, Any] = Field(description="Each: id, identifier, title, description, url, state, assignee.")
        issues: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        linear = await LINEAR.open(context, input.credentials)
        data = await asked(linear, _SEARCH, {"term": input.term, "first": input.limit})
        found = [
            {**one, "state": one["state"]["name"], "assignee": (one.get("assignee") or {}).get("name")}
            for one in data["searchIssues"]["nodes"]
        ]
        for pair in api.several(found, "issue", "issues"):
            yield pair
