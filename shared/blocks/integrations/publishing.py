"""Medium and WordPress: articles.

https://github.com/Medium/medium-api-docs#33-posts: Medium gives out no new tokens for it, and keeps to those it gave.
https://developer.wordpress.com/docs/api/1.1/post/sites/%24site/posts/new/ for sites at WordPress.com and those with
Jetpack.
"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

MEDIUM = api.Service(
    name="Medium",
    url="https://api.medium.com/v1",
    need=Need(
        provider="medium",
        kinds=(Kind.API_KEY,),
        hosts=("api.medium.com",),
        where="https://medium.com/me/settings/security",
    ),
)
WORDPRESS = api.Service(
    name="WordPress",
    url="https://public-api.wordpress.com/rest/v1.1",
    need=Need(
        provider="wordpress",
        kinds=(Kind.OAUTH2,),
        scopes=("posts", "media"),
        hosts=("public-api.wordpress.com",),
        where="https://developer.wordpress.com/apps/",
    ),
)


class PublishToMediumStatus(Enum):
    PUBLIC = "public"
    DRAFT = "draft"
    UNLISTED = "unlisted"


class PublishToMediumBlock(Block):
    block_type = "PUBLISH_TO_MEDIUM"
    category = "SOCIAL"
    description = "Publishes an article on Medium."
    max_attempts = 3
    credentials = MEDIUM.needed()
    examples = [
        Example(
            title="A draft",
            input={
                "author_id": "5303d74c64f66366f00cb9b2a94f3251bf5",
                "title": "Ebb",
                "content": "# Ebb",
                "content_format": "markdown",
                "tags": ["tides"],
                "publish_status": "draft",
            },
        ),
        api.without_credentials(
            {
                "author_id": "5303",
                "title": "Ebb",
                "content": "# Ebb",
                "content_format": "markdown",
                "tags": [],
                "publish_status": "draft",
            }
        ),
    ]

    class Input(BlockInput):
        author_id: str = Field(description="The author's id, as GET https://api.medium.com/v1/me says it.")
        title: str = Field(description="The title, as lists of articles show it.")
        content: str = Field(description="The article; its heading is part of it.")
        content_format: str = Field(description="html or markdown.")
        tags: list[str] = Field(description="Up to five.")
        canonical_url: str | None = Field(default=None, description="Where it was published first.")
        publish_status: PublishToMediumStatus = Field(description="Who may see it.")
        license: str = Field(default="all-rights-reserved", description="Its licence: cc-40-by, public-domain, …")
        notify_followers: bool = Field(default=False, description="Whether followers are told.")
        credentials: Any = api.credentials_pin("Medium")

    class Output(BlockOutput):
        post_id: str = Field(description="The id of the article.")
        post_url: str = Field(description="Its address.")
        published_at: int = Field(description="When it was published, in milliseconds since 1970; of a draft 0.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        medium = await MEDIUM.open(context, input.credentials)
        body = {
            "title": input.title,
            "content": input.content,
            "contentFormat": input.content_format,
            "tags": input.tags,
            "publishStatus": input.publish_status.value,
            "license": input.license,
            "notifyFollowers": input.notify_followers,
            **({"canonicalUrl": input.canonical_url} if input.canonical_url else {}),
        }
        post = (await medium.post(f"/users{api.path(input.author_id)}/posts", json=body))["data"]
        yield "post_id", post["id"]
        yield "post_url", post["url"]
        yield "published_at", post.get("publishedAt") or 0


class WordPressCreatePostBlock(Block):
    block_type = "WORD_PRESS_CREATE_POST"
    category = "SOCIAL"
    description = "Publishes a post on a WordPress site, or keeps it there as a draft."
    max_attempts = 3
    credentials = WORDPRESS.needed()
    examples = [
        Example(
            title="A post", input={"site": "tides.wordpress.com", "title": "Ebb", "content": "<p>Low water.</p>"}
        ),
        api.without_credentials({"site": "tides.wordpress.com", "title": "Ebb", "content": "<p>Low water.</p>"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("WordPress.com")
        site: str = Field(description="The site: its id, or its domain.")
        title: str = Field(description="The title.")
        content: str = Field(description="The post, as HTML.")
        excerpt: str | None = Field(default=None, description="What stands for it in lists.")
        slug: str | None = Field(default=None, description="Its name in its address.")
        author: str | None = Field(default=None, description="The author's id or login name.")
        categories: list[str] = Field(default=[], description="Categories, by name or id.")
        tags: list[str] = Field(default=[], description="Tags, by name or id.")
        featured_image: str | None = Field(default=None, description="The id of its picture.")
        media_urls: list[str] = Field(
            default=[], description="Addresses of pictures to be added to the site with it."
        )
        publish_as_draft: bool = Field(default=False, description="Whether it stays a draft.")

    class Output(BlockOutput):
        site: str = Field(description="The site.")
        post_id: int = Field(description="The id of the post.")
        post_url: str = Field(description="Its address.")
        short_url: str = Field(description="A shorter one.")
        post_data: dict[str, Any] = Field(description="All that WordPress says of it.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        wordpress = await WORDPRESS.open(context, input.credentials)
        body: dict[str, Any] = {
            "title": input.title,
            "content": input.content,
            "status": "draft" if input.publish_as_draft else "publish",
        }
        for name in ("excerpt", "slug", "author", "categories", "tags", "featured_image", "media_urls"):
            if value := getattr(input, name):
                body[name] = value
        route = f"/sites{api.path(input.site.removeprefix('https://').strip('/'))}/posts/new"
        post = await wordpress.post(route, json=body)
        yield "site", input.site
        yield "post_id", post["ID"]
        yield "post_url", post["URL"]
        yield "short_url", post["short_URL"]
        yield "post_data", post
