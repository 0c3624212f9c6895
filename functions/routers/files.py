"""Routes of files: announced, sent to Cloud Storage by a signed URL, checked there, fetched by another."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain.files import FileStatus
from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import files, world

router = routing.router(tags=["files"])

SHOWN_ONCE = ("upload",)
SHOWN = tuple(status.value for status in FileStatus if status is not FileStatus.DELETED)
Status = Annotated[
    str | None, Query(pattern=f"^({'|'.join(SHOWN)})$", description="Only those of this status.", examples=["CLEAN"])
]


class FileBody(BaseModel):
    """A file that is about to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=files.MAX_NAME, description="Folders and what may deceive are taken out of it."
    )
    size: int = Field(ge=1, description="Bytes that will be sent, exactly.")
    content_type: str | None = Field(
        None, max_length=100, description="What it is, if you know; another content is then refused."
    )
    expires_at: datetime | None = Field(None, description="When it is deleted, if sooner than by itself.")


class FileView(BaseModel):
    """A file. ``content_type``: by its content, null until it is CLEAN. ``reason``: why it is not CLEAN."""

    id: str
    name: str
    status: str = Field(examples=list(SHOWN))
    size: int
    content_type: str | None
    reason: str | None
    message: str | None
    scanned: bool = Field(description="Whether a virus scanner has seen it.")
    sha256: str | None = Field(description="Of its content, once it is CLEAN.")
    execution_id: str | None = Field(description="Of the execution that made it.")
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class UploadView(BaseModel):
    """Send the bytes there, with these headers, in one request."""

    method: str = Field(examples=["PUT"])
    url: str
    headers: dict[str, str]
    expires_at: datetime


class NewFile(FileView):
    """``upload``: null where the file was sent already, and in the answer to a repeated request."""

    upload: UploadView | None


class FileList(BaseModel):
    items: list[FileView]
    next_page_token: str | None


class DownloadView(BaseModel):
    """Fetch it there, soon; it comes as an attachment."""

    id: str
    method: str = Field(examples=["GET"])
    url: str
    expires_at: datetime


@router.post("/files", summary="Announce a file", response_model=NewFile, openapi_extra=routing.body(FileBody))
async def create_file(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """The answer says where to send it. It is checked when it has come: read it again until it is CLEAN."""

    async def make(new_id: str) -> Response:
        return JsonAnswer(await files.create(world.real(), caller, body, new_id))

    return await once(caller.user_id, make, shown_once=SHOWN_ONCE)


@router.get("/files", summary="List files", response_model=FileList)
async def list_files(caller: auth.Reader, page: pagination.Asked, status: Status = None) -> Response:
    """The caller's files, newest first."""
    own = pagination.Listing(pagination.BY_TIME, "files", caller.user_id, status or "")
    return await page.listed(own, lambda size, cursor: files.page(world.real(), caller, status, size, cursor))


@router.get("/files/{file_id}", summary="Read a file's state", response_model=FileView)
async def get_file(file_id: str, caller: auth.Reader) -> Response:
    """PENDING: not sent yet; QUARANTINED: being checked; CLEAN; INFECTED or REJECTED, with the reason."""
    return JsonAnswer(files.resource(await files.get(world.real(), caller, file_id)))


@router.post("/files/{file_id}/upload", summary="Get another upload URL", response_model=NewFile)
async def upload_file(file_id: str, caller: auth.Creator, once: idempotency.Once) -> Response:
    """For a file that was not sent in time."""

    async def make(_: str) -> Response:
        return JsonAnswer(await files.upload(world.real(), caller, file_id))

    return await once(caller.user_id, make, shown_once=SHOWN_ONCE)


@router.get("/files/{file_id}/download", summary="Get a download URL", response_model=DownloadView)
async def download_file(file_id: str, caller: auth.Reader) -> Response:
    """A URL that holds for some minutes; 409 unless the file is CLEAN."""
    return JsonAnswer(await files.download(world.real(), caller, file_id))


@router.delete("/files/{file_id}", summary="Delete a file", response_model=models.Empty)
async def delete_file(file_id: str, caller: auth.Deleter) -> Response:
    """The file and its bytes. URLs that were handed out lead nowhere from now on."""
    await files.delete(world.real(), caller, file_id)
    return JsonAnswer({})
