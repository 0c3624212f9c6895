"""Which shapes do graphs, blocks and users have on the wire? For the OpenAPI document.

Bodies are checked by the services, which find every violation at once; answers are written as the services give
them. The tests hold answers against these models.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain import validation
from shared.services import api_keys, graphs, users


class NodeBody(BaseModel):
    """A block in a graph."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        min_length=1, max_length=validation.MAX_ID, description="Given by the client; unique in the graph."
    )
    block_type: str = Field(examples=["FILL_TEXT_TEMPLATE"], description="As GET /blocks lists it.")
    input_data: dict[str, Any] = Field(default_factory=dict, description="Input pin -> literal.")
    position: dict[str, float] = Field(default_factory=dict, examples=[{"x": 0, "y": 0}])
    metadata: dict[str, Any] = Field(default_factory=dict, description="Anything that a client keeps with it.")
    max_attempts: int | None = Field(None, ge=1, le=validation.MAX_ATTEMPTS, description="Null: the block's own.")
    backoff: float | None = Field(
        None, gt=0, le=validation.MAX_BACKOFF_SECONDS, description="Seconds before the second attempt; it doubles."
    )
    timeout: float | None = Field(None, gt=0, le=validation.MAX_TIMEOUT_SECONDS, description="Seconds.")
    cache: bool = Field(False, description="Reuse the output of an earlier execution with the same inputs.")


class LinkBody(BaseModel):
    """source_id.source_name -> sink_id.sink_name."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(None, max_length=validation.MAX_ID, description="Made where it is missing.")
    source_id: str
    source_name: str = Field(description="Output pin; every block has an error pin.")
    sink_id: str
    sink_name: str = Field(description="Input pin, or a part of one: pin_#_key, pin_$_0, pin_@_attr.")
    is_static: bool = Field(False, description="Supplies its value again and again.")


class GraphBody(BaseModel):
    """A graph to save. What else a graph has that was read is ignored; any other field is refused."""

    name: str = Field(min_length=1, max_length=graphs.MAX_NAME)
    description: str = Field("", max_length=graphs.MAX_TEXT)
    instructions: str = Field("", max_length=graphs.MAX_TEXT, description="For who runs it.")
    nodes: list[NodeBody] = []
    links: list[LinkBody] = []
    on_error: Literal["continue", "stop"] = Field(
        "continue",
        description="When a node fails whose error pin is not linked: other branches finish, or all stops.",
    )
    is_active: bool = Field(True, description="Whether it may be executed.")


class GraphReplacement(GraphBody):
    """A new version of a graph. Its texts and is_active stay where they are left out."""

    name: str | None = Field(None, min_length=1, max_length=graphs.MAX_NAME)  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    description: str | None = Field(None, max_length=graphs.MAX_TEXT)  # pyright: ignore[reportIncompatibleVariableOverride]
    instructions: str | None = Field(None, max_length=graphs.MAX_TEXT)  # pyright: ignore[reportIncompatibleVariableOverride]
    is_active: bool | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class GraphChange(BaseModel):
    """What to change of a graph; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=graphs.MAX_NAME)
    description: str | None = Field(None, max_length=graphs.MAX_TEXT)
    instructions: str | None = Field(None, max_length=graphs.MAX_TEXT)
    is_active: bool | None = None
    active_version: int | None = Field(None, ge=1)


class Output(BaseModel):
    """A shape that answers have; nothing is left out and nothing added."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Problem(Output):
    field: str = Field(examples=["nodes[2].input_data.prompt"])
    message: str
    blocking: bool = Field(description="It cannot be executed yet; else it can, and fails where it reaches this.")


class GraphWarning(Output):
    """What its user should know of a graph that runs as it is."""

    reason: Literal["MODEL_RETIRED"]
    field: str = Field(examples=["nodes[2].input_data.model"])
    node_id: str
    message: str
    metadata: dict[str, str] = Field(
        description="What it speaks of: the `model`, its `successor`, and the day from which on OpenAI has no more "
        "of it, past or to come: `shut_down`."
    )


class Computed(Output):
    """What follows from nodes and links."""

    input_schema: dict[str, Any] = Field(description="JSON Schema of the inputs, by name.")
    output_schema: dict[str, Any] = Field(description="JSON Schema of the outputs, by name.")
    credentials_schema: dict[str, Any] = Field(
        description="JSON Schema of the credentials that a run needs, by provider: ids of credentials."
    )
    problems: list[Problem] = Field(description="What it lacks: why it cannot be executed yet, or not whole.")
    warnings: list[GraphWarning] = Field(
        description="What runs, and not as it says: models that another answers for."
    )


class Node(NodeBody):
    """A block in a saved graph."""


class Link(LinkBody):
    """A link in a saved graph."""

    id: str  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class ExecutionError(Output):
    """Why an execution or one of its nodes failed. ``reason`` is stable."""

    reason: str
    message: str
    node_id: str | None
    node_execution_id: str | None


class Origin(Output):
    """Where a graph comes from. ``source``: store (added, and changed by updates alone), fork (copied to be changed)
    or part (a sub-agent of ``graph_id``, which goes with it). ``version``: of the listing; without one, of the graph
    that was copied."""

    source: Literal["store", "fork", "part"]
    graph_id: str | None
    listing_id: str | None
    version: int
    title: str
    creator_id: str | None
    creator_name: str


class Graph(Computed):
    id: str
    version: int = Field(description="Of the nodes and links shown: the active one.")
    active_version: int
    latest_version: int
    name: str
    description: str
    instructions: str
    nodes: list[Node]
    links: list[Link]
    on_error: Literal["continue", "stop"]
    is_active: bool
    user_id: str
    origin: Origin | None = Field(description="Whose work it is; null where the user wrote it.")
    created_at: datetime
    updated_at: datetime
    etag: str


class Stats(Output):
    """Of the last 30 days."""

    executions: int
    success_rate: float | None = Field(description="Completed of all, from 0 to 1; null where there were none.")
    mean_seconds: float | None = Field(description="How long they took.")


class ListedGraph(Graph):
    stats: Stats | None = Field(None, description="Only where with_stats asks for it.")


class GraphList(Output):
    items: list[ListedGraph]
    next_page_token: str | None


class Version(Computed):
    id: str
    graph_id: str
    version: int
    is_active_version: bool
    nodes: list[Node]
    links: list[Link]
    on_error: Literal["continue", "stop"]
    created_at: datetime


class VersionList(Output):
    items: list[Version]
    next_page_token: str | None


class Violation(Output):
    field: str
    description: str


class Validation(Output):
    """Whether a graph could be saved (``valid``) and executed (``problems``)."""

    valid: bool
    violations: list[Violation]
    input_schema: dict[str, Any] | None
    output_schema: dict[str, Any] | None
    credentials_schema: dict[str, Any] | None
    problems: list[Problem]
    warnings: list[GraphWarning]


class BlockExample(Output):
    title: str
    input: dict[str, Any]
    output: list[tuple[str, Any]] | None
    fails: str | None


class Block(BaseModel):
    id: str
    block_type: str
    category: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    examples: list[BlockExample]
    cost: str


class BlockList(Output):
    items: list[Block]
    next_page_token: str | None


class BlockCall(BaseModel):
    input_data: dict[str, Any] = Field(default_factory=dict, description="Input pin -> value.")


class BlockResult(Output):
    id: str
    block_type: str
    success: bool
    output_data: dict[str, list[Any]] = Field(description="Output pin -> values, in the order of their emission.")
    error: str | None
    execution_time: float = Field(description="Seconds.")


class User(Output):
    id: str
    email: str
    name: str
    picture: str
    role: Literal["admin", "user", "viewer"]
    permissions: list[str]
    created_at: datetime
    updated_at: datetime
    etag: str


class UserChange(BaseModel):
    """What to change of the profile; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=users.MAX_NAME)
    picture: str | None = Field(None, max_length=users.MAX_PICTURE, description="An http or https link, or empty.")


class ApiKeyBody(BaseModel):
    """An API key to create."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=api_keys.MAX_NAME)
    scopes: list[str] = Field(min_length=1, description="Permissions of the caller.", examples=[["agent.read"]])
    expires_at: datetime | None = Field(None, description="Null: it holds until it is revoked.")


class ApiKeyRotation(BaseModel):
    """How to rotate an API key."""

    model_config = ConfigDict(extra="forbid")

    grace_seconds: int | None = Field(
        None, ge=0, le=api_keys.MAX_GRACE_SECONDS, description="How long the secret before holds; 0 if left out."
    )


class ApiKey(Output):
    id: str
    name: str
    prefix: str = Field(description="How the key begins; the rest is not kept.")
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the hour.")
    previous_until: datetime | None = Field(description="Until when the secret before the last rotation holds.")
    created_at: datetime
    updated_at: datetime


class NewApiKey(ApiKey):
    key: str | None = Field(
        description="The whole key, shown this once; null where the request repeats an earlier one."
    )


class ApiKeyList(Output):
    items: list[ApiKey]
    next_page_token: str | None


class Check(Output):
    status: Literal["healthy", "unhealthy"]
    duration: float = Field(description="Seconds.")
    timestamp: datetime


class Health(Output):
    status: Literal["healthy", "unhealthy"]
    checks: dict[str, Check]
    timestamp: datetime
