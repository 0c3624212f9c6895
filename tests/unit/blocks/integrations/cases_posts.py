"""Reddit, Medium, WordPress."""

from typing import Any

from double import BEARER, Ask, Case

NOON = 1_773_489_600
REDDIT = "https://oauth.reddit.com"
KEY = {"authorization": BEARER}


def post(id_: str, minutes_ago: int) -> dict[str, Any]:
    data = {"id": id_, "subreddit": "tides", "title": id_.upper(), "selftext": "…"}
    return {"kind": "t3", "data": {**data, "created_utc": NOON - 60 * minutes_ago}}


def seen(id_: str) -> dict[str, Any]:
    return {"id": id_, "subreddit": "tides", "title": id_.upper(), "body": "…"}


def listed(posts: list[Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": posts, "after": after}}


ARTICLE = {
    "author_id": "53",
    "title": "Ebb",
    "content": "# Ebb",
    "content_format": "markdown",
    "tags": ["tides"],
    "publish_status": "public",
}
WORDPRESS = "https://public-api.wordpress.com/rest/v1.1/sites"
PUBLISHED = {"ID": 7, "URL": "https://tides.example/ebb", "short_URL": "https://wp.me/7", "title": "Ebb"}

CASES = [
    Case(
        block="GET_REDDIT_POSTS",
        input={"subreddit": "r/tides", "last_minutes": 60, "post_limit": 5},
        asks=[
            Ask(
                method="GET",
                url=f"{REDDIT}/r/tides/new?limit=5&raw_json=1",
                headers={**KEY, "user-agent": "web:weftly:1.0 (agents of blocks)"},
                answer=listed([post("a", 1), post("b", 59)], "t3_b"),
            ),
            Ask(
                method="GET",
                url=f"{REDDIT}/r/tides/new?limit=5&raw_json=1&after=t3_b",
                answer=listed([post("c", 61), post("d", 62)]),
            ),
        ],
        tokens=[("post", seen("a")), ("post", seen("b")), ("posts", [seen("a"), seen("b")])],
    ),
    Case(
        block="GET_REDDIT_POSTS",
        title="since a post",
        input={"last_post": "t3_b", "post_limit": None},
        asks=[
            Ask(
                method="GET",
                url=f"{REDDIT}/r/writingprompts/new?limit=100&raw_json=1",
                answer=listed([post("a", 1), post("b", 2), post("c", 3)]),
            )
        ],
        tokens=[("post", seen("a")), ("posts", [seen("a")])],
    ),
    Case(
        block="POST_REDDIT_COMMENT",
        input={"post_id": "1abc", "comment": "Well *said*."},
        asks=[
            Ask(
                method="POST",
                url=f"{REDDIT}/api/comment",
                headers=KEY,
                form={"thing_id": "t3_1abc", "text": "Well *said*.", "api_type": "json"},
                answer={"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": {"id": "c9"}}]}}},
            )
        ],
        tokens=[("comment_id", "c9"), ("post_id", "1abc")],
    ),
    Case(
        block="POST_REDDIT_COMMENT",
        title="refused",
        input={"post_id": "1abc", "comment": "x"},
        asks=[
            Ask(
                method="POST",
                url=f"{REDDIT}/api/comment",
                answer={"json": {"errors": [["THREAD_LOCKED", "comments are locked", "parent"]]}},
            )
        ],
        fails="THREAD_LOCKED comments are locked",
    ),
    Case(
        block="PUBLISH_TO_MEDIUM",
        input={**ARTICLE, "canonical_url": "https://tides.example/ebb"},
        asks=[
            Ask(
                method="POST",
                url="https://api.medium.com/v1/users/53/posts",
                headers=KEY,
                sent={
                    "title": "Ebb",
                    "content": "# Ebb",
                    "contentFormat": "markdown",
                    "tags": ["tides"],
                    "publishStatus": "public",
                    "license": "all-rights-reserved",
                    "notifyFollowers": False,
                    "canonicalUrl": "https://tides.example/ebb",
                },
                status=201,
                answer={"data": {"id": "p1", "url": "https://medium.com/p1", "publishedAt": 1773489600000}},
            )
        ],
        tokens=[("post_id", "p1"), ("post_url", "https://medium.com/p1"), ("published_at", 1773489600000)],
    ),
    Case(
        block="PUBLISH_TO_MEDIUM",
        title="a draft",
        input={**ARTICLE, "publish_status": "draft"},
        asks=[
            Ask(
                method="POST",
                url="https://api.medium.com/v1/users/53/posts",
                status=201,
                answer={"data": {"id": "p1", "url": "https://medium.com/p1"}},
            )
        ],
        tokens=[("post_id", "p1"), ("post_url", "https://medium.com/p1"), ("published_at", 0)],
    ),
    Case(
        block="WORD_PRESS_CREATE_POST",
        input={"site": "https://tides.example/", "title": "Ebb", "content": "<p>…</p>", "tags": ["a"], "slug": "ebb"},
        asks=[
            Ask(
                method="POST",
                url=f"{WORDPRESS}/tides.example/posts/new",
                headers=KEY,
                sent={"title": "Ebb", "content": "<p>…</p>", "status": "publish", "slug": "ebb", "tags": ["a"]},
                answer=PUBLISHED,
            )
        ],
        tokens=[
            ("site", "https://tides.example/"),
            ("post_id", 7),
            ("post_url", "https://tides.example/ebb"),
            ("short_url", "https://wp.me/7"),
            ("post_data", PUBLISHED),
        ],
    ),
    Case(
        block="WORD_PRESS_CREATE_POST",
        title="a draft",
        input={"site": "5", "title": "Ebb", "content": "…", "publish_as_draft": True},
        asks=[
            Ask(
                method="POST",
                url=f"{WORDPRESS}/5/posts/new",
                sent={"title": "Ebb", "content": "…", "status": "draft"},
                answer=PUBLISHED,
            )
        ],
    ),
]
