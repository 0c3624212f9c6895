"""Which inputs may an agent have beside the one of any type? Each is a field of a form."""

from collections.abc import Iterator
from datetime import date, time
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.blocks.block import BlockOutput, Context, Example
from shared.blocks.interface import AgentInput, AgentInputFamily
from shared.domain import errors

Row = dict[str, Any]


class AgentShortTextInputBlock(AgentInputFamily):
    block_type = "AGENT_SHORT_TEXT_INPUT"
    description = "A line of text as an input of the agent."
    examples = [
        Example(title="A text", input={"name": "city", "value": "Bern"}, output=[("result", "Bern")]),
        Example(title="No value sends nothing", input={"name": "city"}, output=[]),
    ]

    class Input(AgentInput):
        value: str | None = Field(default=None, description="The text.")

    class Output(BlockOutput):
        result: str = Field(description="The text.")


class AgentLongTextInputBlock(AgentInputFamily):
    block_type = "AGENT_LONG_TEXT_INPUT"
    description = "A text of several lines as an input of the agent."
    examples = [Example(title="A text", input={"name": "letter", "value": "a\nb"}, output=[("result", "a\nb")])]

    class Input(AgentInput):
        value: str | None = Field(default=None, description="The text.")

    class Output(BlockOutput):
        result: str = Field(description="The text.")


class AgentNumberInputBlock(AgentInputFamily):
    block_type = "AGENT_NUMBER_INPUT"
    description = "A whole number as an input of the agent."
    examples = [Example(title="A number", input={"name": "count", "value": "7"}, output=[("result", 7)])]

    class Input(AgentInput):
        value: int | None = Field(default=None, description="The number.")

    class Output(BlockOutput):
        result: int = Field(description="The number.")


class AgentDateInputBlock(AgentInputFamily):
    block_type = "AGENT_DATE_INPUT"
    description = "A date as an input of the agent."
    examples = [
        Example(title="A date", input={"name": "day", "value": "2026-03-14"}, output=[("result", "2026-03-14")]),
    ]

    class Input(AgentInput):
        value: date | None = Field(default=None, description="The date: YYYY-MM-DD.")

    class Output(BlockOutput):
        result: date = Field(description="The date: YYYY-MM-DD.")


class AgentTimeInputBlock(AgentInputFamily):
    block_type = "AGENT_TIME_INPUT"
    description = "A time of day as an input of the agent."
    examples = [Example(title="A time", input={"name": "at", "value": "09:30"}, output=[("result", "09:30:00")])]

    class Input(AgentInput):
        value: time | None = Field(default=None, description="The time: HH:MM:SS.")

    class Output(BlockOutput):
        result: time = Field(description="The time: HH:MM:SS.")


class AgentDropdownInputBlock(AgentInputFamily):
    block_type = "AGENT_DROPDOWN_INPUT"
    description = "One of several texts as an input of the agent."
    examples = [
        Example(
            title="One of the options",
            input={"name": "size", "value": "M", "options": ["S", "M"]},
            output=[("result", "M")],
        ),
        Example(title="None of them", input={"name": "size", "value": "L", "options": ["S", "M"]}, fails="S, M"),
    ]

    class Input(AgentInput):
        value: str | None = Field(default=None, description="The text that was chosen.")
        options: list[Any] = Field(default_factory=list[Any], description="The texts to choose from; none: any text.")

    class Output(BlockOutput):
        result: str = Field(description="The text that was chosen.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        options = [str(option) for option in input.options]
        if options and input.value is not None and input.value not in options:
            raise errors.BlockError(
                f"{input.value!r} is not an option of the input {input.name!r}; use one of {', '.join(options)}"
            )
        return super().run(input, context)


class AgentToggleInputBlock(AgentInputFamily):
    block_type = "AGENT_TOGGLE_INPUT"
    description = "A switch as an input of the agent."
    examples = [
        Example(title="On", input={"name": "loud", "value": True}, output=[("result", True)]),
        Example(title="Off unless it is on", input={"name": "loud"}, output=[("result", False)]),
    ]

    class Input(AgentInput):
        value: bool = Field(default=False, description="Whether it is on.")

    class Output(BlockOutput):
        result: bool = Field(description="Whether it is on.")


class AgentTableInputBlock(AgentInputFamily):
    block_type = "AGENT_TABLE_INPUT"
    description = "A table as an input of the agent."
    examples = [
        Example(
            title="A row",
            input={"name": "people", "value": [{"first": "Ada"}], "column_headers": ["first"]},
            output=[("result", [{"first": "Ada"}])],
        ),
    ]

    class Input(AgentInput):
        value: list[Row] | None = Field(default=None, description="The rows: header to value.")
        column_headers: list[str] = Field(
            default_factory=lambda: ["Column 1", "Column 2", "Column 3"], description="The headers of the columns."
        )

    class Output(BlockOutput):
        result: list[Row] = Field(description="The rows: header to value.")


class AgentFileInputBlock(AgentInputFamily):
    block_type = "AGENT_FILE_INPUT"
    description = "A file as an input of the agent."
    examples = [
        Example(
            title="A file as a data URI",
            input={"name": "letter", "value": "data:text/plain,hello"},
            output=[("result", "data:text/plain,hello")],
        ),
    ]

    class Input(AgentInput):
        value: str | None = Field(default=None, description="The file: web address, data URI, or id.")
        base_64: bool = Field(default=False, description="Whether blocks want the content; they read both alike.")

    class Output(BlockOutput):
        result: str = Field(description="The file: web address, data URI, or id.")


class AttachmentView(Enum):
    DOCS = "DOCS"
    DOCUMENTS = "DOCUMENTS"
    SPREADSHEETS = "SPREADSHEETS"
    PRESENTATIONS = "PRESENTATIONS"
    DOCS_IMAGES = "DOCS_IMAGES"
    FOLDERS = "FOLDERS"


class GoogleDriveFile(BaseModel):
    """A file as Google's picker names it (https://developers.google.com/workspace/drive/picker/reference)."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None = None
    mimeType: str | None = None
    url: str | None = None
    iconUrl: str | None = None
    isFolder: bool = False


class AgentGoogleDriveFileInputBlock(AgentInputFamily):
    block_type = "AGENT_GOOGLE_DRIVE_FILE_INPUT"
    description = "A file in Google Drive as an input of the agent: who runs it picks one."
    examples = [
        Example(
            title="A spreadsheet",
            input={"name": "tides", "value": {"id": "1x", "name": "Tides"}},
            output=[
                (
                    "result",
                    {
                        "id": "1x",
                        "name": "Tides",
                        "mimeType": None,
                        "url": None,
                        "iconUrl": None,
                        "isFolder": False,
                    },
                )
            ],
        )
    ]

    class Input(AgentInput):
        value: GoogleDriveFile | None = Field(default=None, description="The file: id, name, mimeType, url.")
        allowed_views: list[AttachmentView] = Field(
            default=[AttachmentView.DOCS, AttachmentView.SPREADSHEETS, AttachmentView.PRESENTATIONS],
            description="What a form offers to pick.",
        )
        allow_folder_selection: bool = Field(default=False, description="Whether folders may be picked.")

    class Output(BlockOutput):
        result: GoogleDriveFile = Field(description="The file: id, name, mimeType, url.")
