"""Which shapes do the answers to administrators have on the wire? As ``shapes.py``."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.routers.shapes import Output
from shared.firestore import flags as stored_flags
from shared.services import flags


class Account(Output):
    id: str
    email: str
    name: str
    role: Literal["admin", "user", "viewer"]
    permissions: list[str]
    state: Literal["active", "disabled", "deleted"]
    created_at: datetime
    updated_at: datetime


class AccountList(Output):
    items: list[Account]
    next_page_token: str | None


class RoleChange(BaseModel):
    """The role that a user is to have."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["admin", "user", "viewer"]


class FlagBody(BaseModel):
    """For whom a feature is on."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field("", max_length=flags.MAX_TEXT)
    enabled: bool = Field(False, description="Off for everybody, unless it is true.")
    percent: float = Field(0, ge=0, le=100, description="Of all users; always the same ones.")
    user_ids: list[str] = Field(
        default_factory=list[str], max_length=stored_flags.MAX_USERS, description="For whom it is on in any case."
    )


class Flag(Output):
    id: str = Field(description="Its name.")
    description: str
    enabled: bool
    percent: float
    user_ids: list[str]


class FlagList(Output):
    items: list[Flag]
    next_page_token: str | None


class OwnFlags(Output):
    flags: list[str] = Field(description="Names of the features that are on for the caller.")


class AuditEntry(Output):
    id: str
    timestamp: datetime
    user_id: str
    action: str = Field(examples=["graph.delete"])
    resource_type: str
    resource_id: str
    details: dict[str, Any]
    ip_address: str = Field(description="Of IPv6 the /64.")
    user_agent: str
    result: Literal["ok", "refused", "failed"]


class AuditPage(Output):
    items: list[AuditEntry]
    next_page_token: str | None


class RecoveryRun(Output):
    at: datetime
    figures: dict[str, int]


class RecoveryFigures(Output):
    past_due: dict[str, int] = Field(description="executions, node_executions; of each shard at most 20 are counted.")
    repaired: dict[str, int] = Field(description="What was repaired in the last 24 hours.")
    runs: list[RecoveryRun] = Field(description="The last 60 runs that repaired something, newest first.")


class DayFigures(Output):
    """How executions went. ``success_rate`` and the durations are null where there were none."""

    executions: int
    completed: int
    failed: int
    terminated: int
    success_rate: float | None = Field(description="Completed of all, from 0 to 1.")
    mean_seconds: float | None
    longest_seconds: float | None
    cost: float = Field(description="Dollars.")
    node_executions: int


class Day(DayFigures):
    date: str = Field(examples=["2026-11-26"], description="In UTC.")


class Figures(DayFigures):
    """Of all days together, and of each."""

    since: str = Field(examples=["2026-10-28"])
    until: str = Field(examples=["2026-11-26"])
    days: list[Day]


class GraphFigures(Figures):
    """How the executions of a graph went."""

    graph_id: str = Field(description="Whose they are.")


class Overview(Output):
    counts: dict[str, int] = Field(
        description="users, graphs, active_executions, and dead_deliveries: what could not be sent to somebody."
    )
    executions: Figures = Field(description="Of everybody in the last 30 days, until a minute ago.")
    past_due: dict[str, int] = Field(description="As under /admin/recovery.")
    repaired: dict[str, int] = Field(description="As under /admin/recovery.")
