"""Google Calendar and Google Sheets: events, and rows.

https://developers.google.com/workspace/calendar/api/v3/reference/events/list,
https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values (get, append, update).
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib import parse

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.integrations import api, google

CALENDAR = google.service("Google Calendar", "https://www.googleapis.com/calendar/v3", "calendar.readonly")
SHEETS_READ = google.service("Google Sheets", "https://sheets.googleapis.com/v4", "spreadsheets.readonly")
SHEETS = google.service("Google Sheets", "https://sheets.googleapis.com/v4", "spreadsheets")
_PAGE = 250


class GoogleCalendarReadEventsBlock(Block):
    block_type = "GOOGLE_CALENDAR_READ_EVENTS"
    category = "PRODUCTIVITY"
    description = "Gives the events of a Google calendar from a moment on, each of a series alone."
    max_attempts = 3
    emits_many = frozenset({"event"})
    credentials = CALENDAR.needed()
    examples = [
        Example(title="This week", input={"time_range_days": 7, "search_term": "tide"}),
        api.without_credentials({}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Google, with access to calendars")
        calendar_id: str = Field(default="primary", description="Which calendar.")
        max_events: int = Field(default=10, description="How many events at most, up to 2500.")
        start_time: datetime | None = Field(default=None, description="From when on; without one from now on.")
        time_range_days: int = Field(default=30, description="For how many days.")
        search_term: str | None = Field(default=None, description="Only events with these words.")
        page_token: str | None = Field(default=None, description="Where to go on, as next_page_token said.")
        include_declined_events: bool = Field(default=False, description="Whether those that were declined as well.")

    class Output(BlockOutput):
        events: list[dict[str, Any]] = Field(description="All events.")
        event: dict[str, Any] = Field(
            description="Each: id, title, start_time, end_time, is_all_day, location, description, organizer, "
            "attendees, has_video_call, video_link, calendar_link, is_recurring."
        )
        next_page_token: str | None = Field(description="For more events, where there are some.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        calendar = await CALENDAR.open(context, input.credentials)
        route = f"/calendars{api.path(input.calendar_id)}/events"
        page = await calendar.get(route, params=_search(input, context))
        events = [_event(one) for one in page.get("items", []) if input.include_declined_events or not _declined(one)]
        for pair in api.several(events, "event", "events"):
            yield pair
        if page.get("nextPageToken"):
            yield "next_page_token", page["nextPageToken"]


def _search(input: GoogleCalendarReadEventsBlock.Input, context: Context) -> dict[str, Any]:
    begin = input.start_time or context.now()
    begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
    several = {"q": input.search_term, "pageToken": input.page_token}
    return {
        "timeMin": begin.isoformat(),
        "timeMax": (begin + timedelta(days=input.time_range_days)).isoformat(),
        "maxResults": max(1, min(input.max_events, 2500)),
        "singleEvents": "true",
        "orderBy": "startTime",
        **{name: value for name, value in several.items() if value},
    }


def _declined(event: Mapping[str, Any]) -> bool:
    return any(one.get("self") and one.get("responseStatus") == "declined" for one in event.get("attendees", []))


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    begin, end = event.get("start", {}), event.get("end", {})
    video = event.get("hangoutLink")
    return {
        "id": event["id"],
        "title": event.get("summary", ""),
        "start_time": begin.get("dateTime") or begin.get("date"),
        "end_time": end.get("dateTime") or end.get("date"),
        "is_all_day": "date" in begin,
        "location": event.get("location"),
        "description": event.get("description"),
        "organizer": event.get("organizer", {}).get("email"),
        "attendees": [one["email"] for one in event.get("attendees", []) if "email" in one],
        "has_video_call": video is not None,
        "video_link": video,
        "calendar_link": event.get("htmlLink", ""),
        "is_recurring": "recurringEventId" in event,
    }


class SheetInput(BlockInput):
    credentials: Any = api.credentials_pin("Google, with access to spreadsheets")
    spreadsheet: str = Field(description="The spreadsheet: its id, or its address.")
    range: str = Field(description="Which cells: Sheet1!A1:C9, or Sheet1.")


def _values(input: SheetInput, after: str = "") -> str:
    found = re.search(r"/spreadsheets/d/([\w-]+)", input.spreadsheet)
    sheet = api.path("spreadsheets", found[1] if found else input.spreadsheet)
    return f"{sheet}/values/{parse.quote(input.range, safe='!:')}{after}"


class GoogleSheetsReadBlock(Block):
    block_type = "GOOGLE_SHEETS_READ"
    category = "DATA"
    description = "Gives the cells of a range in a Google spreadsheet, row by row."
    max_attempts = 3
    emits_many = frozenset({"row"})
    credentials = SHEETS_READ.needed()
    examples = [
        Example(title="A table", input={"spreadsheet": "1x", "range": "Tides!A1:B9", "has_header": True}),
        api.without_credentials({"spreadsheet": "1x", "range": "Tides"}),
    ]

    class Input(SheetInput):
        has_header: bool = Field(default=False, description="Whether the first row names the columns.")

    class Output(BlockOutput):
        row: Any = Field(description="Each row: a list of its cells, or with a header a dictionary.")
        rows: list[Any] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sheets = await SHEETS_READ.open(context, input.credentials)
        params = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
        rows: list[Any] = (await sheets.get(_values(input), params=params)).get("values", [])
        if input.has_header:
            header = [str(one) for one in rows[0]] if rows else []
            rows = [{name: row[i] if i < len(row) else None for i, name in enumerate(header)} for row in rows[1:]]
        for pair in api.several(rows, "row", "rows"):
            yield pair


class GoogleSheetsAppendBlock(Block):
    block_type = "GOOGLE_SHEETS_APPEND"
    category = "DATA"
    description = "Adds rows below a table in a Google spreadsheet."
    max_attempts = 3
    credentials = SHEETS.needed()
    examples = [
        Example(title="A row", input={"spreadsheet": "1x", "range": "Tides", "rows": [["Brest", 6.9]]}),
        api.without_credentials({"spreadsheet": "1x", "range": "Tides", "rows": [["Brest", 6.9]]}),
    ]

    class Input(SheetInput):
        rows: list[list[Any]] = Field(description="The rows: lists of cells.")

    class Output(BlockOutput):
        updated_range: str = Field(description="Where they stand now.")
        updated_rows: int = Field(description="How many there are.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sheets = await SHEETS.open(context, input.credentials)
        params = {"valueInputOption": "USER_ENTERED", "insertDataOption": "INSERT_ROWS"}
        answer = await sheets.post(_values(input, ":append"), params=params, json={"values": input.rows})
        yield "updated_range", answer["updates"]["updatedRange"]
        yield "updated_rows", answer["updates"].get("updatedRows", 0)


class GoogleSheetsUpdateBlock(Block):
    block_type = "GOOGLE_SHEETS_UPDATE"
    category = "DATA"
    description = "Writes over cells in a Google spreadsheet."
    max_attempts = 3
    credentials = SHEETS.needed()
    examples = [
        Example(title="Two cells", input={"spreadsheet": "1x", "range": "Tides!A2:B2", "rows": [["Brest", 7]]}),
        api.without_credentials({"spreadsheet": "1x", "range": "Tides!A2:B2", "rows": [["Brest", 7]]}),
    ]

    class Input(SheetInput):
        rows: list[list[Any]] = Field(description="The rows: lists of cells.")

    class Output(BlockOutput):
        updated_range: str = Field(description="The cells.")
        updated_cells: int = Field(description="How many they are.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sheets = await SHEETS.open(context, input.credentials)
        params = {"valueInputOption": "USER_ENTERED"}
        answer = await sheets.put(_values(input), params=params, json={"values": input.rows})
        yield "updated_range", answer["updatedRange"]
        yield "updated_cells", answer.get("updatedCells", 0)
