"""What do the routes of accounts take and give? For the OpenAPI document, and for clients."""

from datetime import datetime
from typing import Any

from pydantic import Field

from functions.routers.shapes import Output


class ExportItem(Output):
    collection: str = Field(
        description="What it is; of what lies under another item, the path: executions/{id}/nodes.",
        examples=["graphs", "executions/4kq0v8/nodes"],
    )
    id: str
    data: Any = Field(description="Its fields; of a large value of an execution (values), the value itself.")


class Export(Output):
    user_id: str
    exported_at: datetime
    items: list[ExportItem]
    next_page_token: str | None = Field(description="Null: this was all.")
