"""Which shapes do executions have on the wire? For the OpenAPI document; see ``shapes``."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.routers.shapes import ExecutionError


class PresetStart(BaseModel):
    """What to run a preset with, beside what it has."""

    model_config = ConfigDict(extra="forbid")

    input_data: dict[str, Any] | None = Field(None, description="Inputs by name; they go before those of the preset.")
    queue: Literal["interactive", "background"] | None = None


class Started(BaseModel):
    execution_id: str
    status: str
    message: str


class ExecutionView(BaseModel):
    """One run of a graph version."""

    id: str
    graph_id: str
    graph_version: int
    status: str = Field(examples=["COMPLETED"])
    progress: float = Field(description="Final / known node executions, from 0 to 1.")
    current_nodes: list[str] = Field(description="Nodes that run or wait now.")
    output: Any = Field(description="{name of AGENT_OUTPUT: [values]}; without one {node_id: {pin: [values]}}.")
    error: ExecutionError | None
    cost: float = Field(description="Dollars.")
    queue: str
    retry_of: str | None = Field(description="The execution that it repeats in part.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class NodeExecutionView(BaseModel):
    """One firing of one node."""

    id: str
    node_id: str
    block_type: str
    status: str
    attempts: int = Field(description="How often the block raised or returned.")
    input: dict[str, Any] = Field(description="Pin -> value.")
    output: dict[str, list[Any]] = Field(description="Pin -> values, in the order in which they were emitted.")
    error: ExecutionError | None
    cost: float
    copied: bool = Field(description="It ran in the execution that this one repeats.")
    cached: bool = Field(description="It did not run: an earlier one with the same inputs did.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class ExecutionList(BaseModel):
    items: list[ExecutionView]
    next_page_token: str | None


class NodeExecutionList(BaseModel):
    items: list[NodeExecutionView]
    next_page_token: str | None
