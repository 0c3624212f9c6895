"""Which shapes do usage and estimates have on the wire? As ``shapes.py``."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.routers.shapes import Output


class Limits(Output):
    monthly_dollars: float | None = Field(description="Null: no limit.")
    monthly_node_executions: int | None = Field(description="Null: no limit.")
    credit_dollars: float = Field(description="What may be spent beyond the monthly limit, once.")


class Usage(Output):
    id: str = Field(description="The month.", examples=["2026-11"])
    month: str
    dollars: float = Field(description="Spent on calls of language models that the deployment paid.")
    held_dollars: float = Field(description="What calls that are being made may cost.")
    node_executions: int = Field(description="Of executions that ended in the month.")
    storage_bytes: int = Field(description="Of files, now.")
    limits: Limits
    remaining_dollars: float | None = Field(description="Null: no limit.")
    resets_at: datetime


class UsageOfUser(Usage):
    user_id: str
    etag: str


class LimitsChange(BaseModel):
    """What is not mentioned stays; null: as everybody."""

    model_config = ConfigDict(extra="forbid")

    monthly_dollars: float | None = Field(default=None, ge=0, le=1_000_000)
    monthly_node_executions: int | None = Field(default=None, ge=0, le=10**12)
    credit_dollars: float | None = Field(default=None, ge=0, le=1_000_000)


class Dollars(Output):
    low: float
    expected: float
    high: float


class NodeEstimate(Output):
    node_id: str
    block_type: str
    dollars: Dollars | None = Field(description="Of one firing; null: nobody knows before.")
    paid_by: Literal["deployment", "user"]


class EstimateBody(BaseModel):
    """As for an execution."""

    model_config = ConfigDict(extra="forbid")

    input_data: dict[str, Any] = Field(default_factory=dict[str, Any])
    credentials: dict[str, str] = Field(default_factory=dict[str, str])


class Estimate(Output):
    graph_id: str
    graph_version: int
    basis: Literal["history", "blocks"] = Field(
        description="What earlier executions of this version cost; or what its blocks say, each firing once."
    )
    executions: int = Field(description="Of this version that completed, among the newest.")
    dollars: Dollars
    node_executions: float
    complete: bool = Field(description="False: the cost of some node is not known, and not in it.")
    nodes: list[NodeEstimate] = Field(description="Those that cost something.")
    remaining_dollars: float | None = Field(description="What is left of this month's credit; null: no limit.")
    missing_dollars: float = Field(description="What the credit falls short of the expected cost.")
