"""Reddit: posts and comments.

https://www.reddit.com/dev/api/#GET_new and #POST_api_comment; https://github.com/reddit-archive/reddit/wiki/API asks
for a User-Agent of one's own. Since November 2025 Reddit approves each new app:
https://support.reddithelp.com/hc/en-us/articles/42728983564564-Responsible-Builder-Policy.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

REDDIT = api.Service(
    name="Reddit",
    url="https://oauth.reddit.com",
    need=Need(
        provider="reddit",
        kinds=(Kind.OAUTH2,),
        scopes=("read", "submit"),
        hosts=("oauth.reddit.com",),
        where="https://www.reddit.com/prefs/apps",
    ),
    headers={"User-Agent": "web:weftly:1.0 (agents of blocks)"},
)
_PAGE = 100
_MAX_POSTS = 1_000


class GetRedditPostsBlock(Block):
    block_type = "GET_REDDIT_POSTS"
    category = "SOCIAL"
    description = "Gives the newest posts of a subreddit, the newest first."
    max_attempts = 3
    emits_many = frozenset({"post"})
    credentials = REDDIT.needed()
    examples = [
        Example(title="Of the last hour", input={"subreddit": "tides", "last_minutes": 60}),
        api.without_credentials({"subreddit": "tides"}),
    ]

    class Input(BlockInput):
        subreddit: str = Field(default="writingprompts", description="Its name, without r/.")
        credentials: Any = api.credentials_pin("Reddit")
        last_minutes: int | None = Field(default=None, description="Only posts of so many minutes.")
        last_post: str | None = Field(default=None, description="Only posts newer than the one with this id.")
        post_limit: int | None = Field(default=10, description="How many at most; without a number a thousand.")

    class Output(BlockOutput):
        post: dict[str, Any] = Field(description="Each post: id, subreddit, title, body.")
        posts: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        reddit = await REDDIT.open(context, input.credentials)
        limit = min(input.post_limit if input.post_limit is not None else _MAX_POSTS, _MAX_POSTS)
        since = context.now().timestamp() - 60 * input.last_minutes if input.last_minutes else 0.0
        posts = [_post(one) for one in await _newest(reddit, input, since, limit)]
        for pair in api.several(posts, "post", "posts"):
            yield pair


async def _newest(reddit: api.Session, input: GetRedditPostsBlock.Input, since: float, limit: int) -> list[Any]:
    """Until the limit, a post older than ``since``, or the one that is known."""
    route = f"{api.path('r', input.subreddit.strip().removeprefix('r/'))}/new"
    known = (input.last_post or "").removeprefix("t3_")
    params: dict[str, Any] = {"limit": min(limit, _PAGE), "raw_json": 1}
    found: list[Any] = []
    while True:
        page = (await reddit.get(route, params=params))["data"]
        for child in page["children"]:
            post = child["data"]
            if len(found) >= limit or post["id"] == known or post["created_utc"] < since:
                return found
            found.append(post)
        if not page.get("after"):
            return found
        params["after"] = page["after"]


def _post(post: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": post["id"], "subreddit": post["subreddit"], "title": post["title"], "body": post["selftext"]}


class PostRedditCommentBlock(Block):
    block_type = "POST_REDDIT_COMMENT"
    category = "SOCIAL"
    description = "Writes a comment to a post on Reddit."
    max_attempts = 3
    credentials = REDDIT.needed()
    examples = [
        Example(title="A comment", input={"post_id": "1abcde", "comment": "Well said."}),
        api.without_credentials({"post_id": "1abcde", "comment": "Well said."}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Reddit")
        post_id: str = Field(description="The id of the post.")
        comment: str = Field(description="The comment, in Markdown.")

    class Output(BlockOutput):
        comment_id: str = Field(description="The id of the comment.")
        post_id: str = Field(description="The id of the post.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        reddit = await REDDIT.open(context, input.credentials)
        post_id = input.post_id.strip().removeprefix("t3_")
        form = {"thing_id": f"t3_{post_id}", "text": input.comment, "api_type": "json"}
        answer = (await reddit.post("/api/comment", data=form))["json"]
        if answer.get("errors"):
            raise reddit.refused(
                f"refused the comment: {'; '.join(' '.join(map(str, one)) for one in answer['errors'])}"
            )
        yield "comment_id", answer["data"]["things"][0]["data"]["id"]
        yield "post_id", post_id
