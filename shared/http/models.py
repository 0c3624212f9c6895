"""Which shapes do all functions share, for the OpenAPI document?"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class ErrorBody(BaseModel):
    """google.rpc.Status as AIP-193 puts it."""

    code: int = Field(description="The HTTP status.", examples=[400])
    status: str = Field(description="The canonical code.", examples=["INVALID_ARGUMENT"])
    message: str = Field(description="What happened, to which resource, and what to do.")
    details: list[dict[str, Any]] = Field(
        description="ErrorInfo {reason, metadata…}, BadRequest {fieldViolations}, RetryInfo, RequestInfo."
    )


class ErrorAnswer(BaseModel):
    """Every error looks like this (https://google.aip.dev/193)."""

    error: ErrorBody


class Empty(BaseModel):
    """``{}``."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
