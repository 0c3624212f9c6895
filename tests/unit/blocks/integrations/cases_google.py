"""Gmail, Google Calendar, Google Sheets."""

import base64
from typing import Any

from double import BEARER, Ask, Case

GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me"
KEY = {"authorization": BEARER}
CALENDAR = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
NOW = "timeMin=2026-03-14T12%3A00%3A00%2B00%3A00&timeMax=2026-04-13T12%3A00%3A00%2B00%3A00"
SHEET = "https://sheets.googleapis.com/v4/spreadsheets/1x/values"


def data(text: str) -> dict[str, Any]:
    return {"data": base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")}


def message(**headers: str) -> dict[str, Any]:
    return {
        "id": "m1",
        "threadId": "t1",
        "labelIds": ["INBOX"],
        "snippet": "Low water",
        "sizeEstimate": 99,
        "payload": {
            "mimeType": "multipart/mixed",
            "headers": [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()],
            "parts": [
                {
                    "mimeType": "multipart/alternative",
                    "parts": [
                        {"mimeType": "text/plain", "body": data("Low wäter?")},
                        {"mimeType": "text/html", "body": data("<p>Low water</p>")},
                    ],
                },
                {"mimeType": "text/csv", "filename": "t.csv", "body": {"attachmentId": "a1", "size": 3}},
            ],
        },
    }


HEADERS = {
    "From": "Bob <bob@b.example>",
    "To": "ann@a.example, Eve <eve@e.example>",
    "Cc": "Dan <dan@d.example>",
    "Subject": "Ebb",
    "Date": "Sat, 14 Mar 2026 12:00:00 +0000",
    "Message_ID": "<1@b.example>",
}
EMAIL = {
    "id": "m1",
    "threadId": "t1",
    "labelIds": ["INBOX"],
    "subject": "Ebb",
    "snippet": "Low water",
    "from_": "Bob <bob@b.example>",
    "to": ["ann@a.example", "eve@e.example"],
    "cc": ["dan@d.example"],
    "bcc": [],
    "date": "Sat, 14 Mar 2026 12:00:00 +0000",
    "body": "Low wäter?",
    "sizeEstimate": 99,
    "attachments": [{"filename": "t.csv", "content_type": "text/csv", "size": 3, "attachment_id": "a1"}],
}


def fetched(id_: str, answer: Any) -> Ask:
    return Ask(method="GET", url=f"{GMAIL}/messages/{id_}?format=full", headers=KEY, answer=answer)


def sent(mail: dict[str, Any], thread: str | None = None) -> Ask:
    """``mail``: what the message that was sent has."""
    return Ask(
        method="POST",
        url=f"{GMAIL}/messages/send",
        headers=KEY,
        mail={"Message-ID": "<ne-1@weftly.invalid>", **mail},
        thread=thread,
        answer={"id": "m9", "threadId": "t1"},
    )


def event(**more: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "summary": "Dive",
        "start": {"dateTime": "2026-03-15T09:00:00Z"},
        "end": {"dateTime": "2026-03-15T10:00:00Z"},
        "htmlLink": "https://calendar.google.com/e1",
        **more,
    }


def seen(**more: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "title": "Dive",
        "start_time": "2026-03-15T09:00:00Z",
        "end_time": "2026-03-15T10:00:00Z",
        "is_all_day": False,
        "location": None,
        "description": None,
        "organizer": None,
        "attendees": [],
        "has_video_call": False,
        "video_link": None,
        "calendar_link": "https://calendar.google.com/e1",
        "is_recurring": False,
        **more,
    }


DECLINED = event(attendees=[{"email": "ann@a.example", "self": True, "responseStatus": "declined"}])
DAYS = [
    seen(start_time="2026-03-15", end_time="2026-03-16", is_all_day=True, attendees=["ann@a.example"]),
    seen(has_video_call=True, video_link="https://meet.google.com/x", is_recurring=True),
]

CASES = [
    Case(
        block="GMAIL_READ",
        input={"query": "from:bob", "max_results": 2},
        asks=[
            Ask(
                method="GET",
                url=f"{GMAIL}/messages?q=from%3Abob&maxResults=2",
                headers=KEY,
                answer={"messages": [{"id": "m1"}], "nextPageToken": "p2"},
            ),
            Ask(method="GET", url=f"{GMAIL}/messages?q=from%3Abob&maxResults=2&pageToken=p2", answer={}),
            fetched("m1", message(**HEADERS)),
        ],
        tokens=[("email", EMAIL), ("emails", [EMAIL])],
    ),
    Case(
        block="GMAIL_SEND",
        input={
            "to": ["bob@b.example"],
            "bcc": ["eve@e.example"],
            "subject": "Ebbe und Flüt",
            "body": "<p>Low <b>water</b></p>",
            "attachments": ["data:text/csv,a"],
        },
        asks=[
            sent(
                {
                    "To": "bob@b.example",
                    "Bcc": "eve@e.example",
                    "Subject": "Ebbe und Flüt",
                    "text/plain": "Low water",
                    "text/html": "<p>Low <b>water</b></p>",
                    "file": "a",
                }
            )
        ],
        tokens=[("result", {"id": "m9", "status": "sent"})],
    ),
    Case(
        block="GMAIL_SEND",
        title="to nobody",
        input={"to": [" "], "subject": "x", "body": "x"},
        asks=[],
        fails="nobody to send it to",
    ),
    Case(
        block="GMAIL_SEND",
        title="with a header too many",
        input={"to": ["bob@b.example"], "subject": "x\r\nBcc: eve@e.example", "body": "x"},
        asks=[],
        fails="Subject",
    ),
    Case(
        block="GMAIL_REPLY",
        input={"threadId": "t1", "parentMessageId": "m1", "body": "Yes.", "replyAll": True},
        asks=[
            fetched("m1", message(**HEADERS)),
            Ask(method="GET", url=f"{GMAIL}/profile", headers=KEY, answer={"emailAddress": "ann@a.example"}),
            sent(
                {
                    "To": "bob@b.example, eve@e.example",
                    "Cc": "dan@d.example",
                    "Subject": "Re: Ebb",
                    "In-Reply-To": "<1@b.example>",
                    "References": "<1@b.example>",
                    "text/plain": "Yes.",
                },
                "t1",
            ),
            fetched("m9", message(**HEADERS)),
        ],
        tokens=[
            ("messageId", "m9"),
            ("threadId", "t1"),
            ("message", {"id": "m9", "threadId": "t1"}),
            ("email", EMAIL),
        ],
    ),
    Case(
        block="GMAIL_REPLY",
        title="to the writer alone",
        input={"threadId": "t1", "parentMessageId": "m1", "body": "Yes.", "subject": "Other"},
        asks=[
            fetched("m1", message(**{**HEADERS, "Reply_To": "list@l.example", "References": "<0@b.example>"})),
            sent(
                {
                    "To": "list@l.example",
                    "Cc": None,
                    "Subject": "Other",
                    "References": "<0@b.example> <1@b.example>",
                },
                "t1",
            ),
            fetched("m9", message(**HEADERS)),
        ],
    ),
    Case(
        block="GMAIL_FORWARD",
        input={"messageId": "m1", "to": ["dan@d.example"], "forwardMessage": "See below."},
        asks=[
            fetched("m1", message(**HEADERS)),
            Ask(
                method="GET",
                url=f"{GMAIL}/messages/m1/attachments/a1",
                headers=KEY,
                answer={**data("a;b"), "size": 3},
            ),
            sent(
                {
                    "To": "dan@d.example",
                    "Subject": "Fwd: Ebb",
                    "text/plain": "See below.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@b.example>\n"
                    "Date: Sat, 14 Mar 2026 12:00:00 +0000\nSubject: Ebb\n"
                    "To: ann@a.example, Eve <eve@e.example>\n\nLow wäter?",
                    "file": "a;b",
                }
            ),
        ],
        tokens=[("messageId", "m9"), ("threadId", "t1"), ("status", "Message forwarded")],
    ),
    Case(
        block="GMAIL_ADD_LABEL",
        input={"message_id": "m1", "label_name": "Tides"},
        asks=[
            Ask(method="GET", url=f"{GMAIL}/labels", headers=KEY, answer={"labels": [{"id": "L1", "name": "Old"}]}),
            Ask(
                method="POST",
                url=f"{GMAIL}/labels",
                headers=KEY,
                sent={"name": "Tides", "labelListVisibility": "labelShow", "messageListVisibility": "show"},
                answer={"id": "L2", "name": "Tides"},
            ),
            fetched("m1", message(**HEADERS)),
            Ask(
                method="POST",
                url=f"{GMAIL}/messages/m1/modify",
                headers=KEY,
                sent={"addLabelIds": ["L2"]},
                answer={"id": "m1"},
            ),
        ],
        tokens=[("result", {"label_id": "L2", "status": "Label added successfully"})],
    ),
    Case(
        block="GMAIL_ADD_LABEL",
        title="twice",
        input={"message_id": "m1", "label_name": "inbox"},
        asks=[
            Ask(method="GET", url=f"{GMAIL}/labels", answer={"labels": [{"id": "INBOX", "name": "INBOX"}]}),
            fetched("m1", message(**HEADERS)),
        ],
        tokens=[("result", {"label_id": "INBOX", "status": "Label already applied"})],
    ),
    Case(
        block="GOOGLE_CALENDAR_READ_EVENTS",
        input={"search_term": "dive"},
        asks=[
            Ask(
                method="GET",
                url=f"{CALENDAR}?{NOW}&maxResults=10&singleEvents=true&orderBy=startTime&q=dive",
                headers=KEY,
                answer={"items": [event(), DECLINED], "nextPageToken": "p2"},
            )
        ],
        tokens=[("event", seen()), ("events", [seen()]), ("next_page_token", "p2")],
    ),
    Case(
        block="GOOGLE_CALENDAR_READ_EVENTS",
        title="all day, declined",
        input={"start_time": "2026-03-14T12:00:00", "include_declined_events": True, "page_token": "p2"},
        asks=[
            Ask(
                method="GET",
                url=f"{CALENDAR}?{NOW}&maxResults=10&singleEvents=true&orderBy=startTime&pageToken=p2",
                answer={
                    "items": [
                        {**DECLINED, "start": {"date": "2026-03-15"}, "end": {"date": "2026-03-16"}},
                        event(hangoutLink="https://meet.google.com/x", recurringEventId="r1"),
                    ]
                },
            )
        ],
        tokens=[
            ("event", DAYS[0]),
            ("event", DAYS[1]),
            ("events", DAYS),
        ],
    ),
    Case(
        block="GOOGLE_SHEETS_READ",
        input={"spreadsheet": "https://docs.google.com/spreadsheets/d/1x/edit#gid=0", "range": "Tide times!A1:B9"},
        asks=[
            Ask(
                method="GET",
                url=f"{SHEET}/Tide%20times!A1:B9"
                "?valueRenderOption=UNFORMATTED_VALUE&dateTimeRenderOption=FORMATTED_STRING",
                headers=KEY,
                answer={"range": "x", "values": [["Port", "High"], ["Brest", 6.9]]},
            )
        ],
        tokens=[("row", ["Port", "High"]), ("row", ["Brest", 6.9]), ("rows", [["Port", "High"], ["Brest", 6.9]])],
    ),
    Case(
        block="GOOGLE_SHEETS_READ",
        title="with a header",
        input={"spreadsheet": "1x", "range": "A", "has_header": True},
        asks=[
            Ask(
                method="GET",
                url=f"{SHEET}/A?valueRenderOption=UNFORMATTED_VALUE&dateTimeRenderOption=FORMATTED_STRING",
                answer={"values": [["Port", "High"], ["Brest"]]},
            )
        ],
        tokens=[("row", {"Port": "Brest", "High": None}), ("rows", [{"Port": "Brest", "High": None}])],
    ),
    Case(
        block="GOOGLE_SHEETS_APPEND",
        input={"spreadsheet": "1x", "range": "A", "rows": [["Brest", 7]]},
        asks=[
            Ask(
                method="POST",
                url=f"{SHEET}/A:append?valueInputOption=USER_ENTERED&insertDataOption=INSERT_ROWS",
                headers=KEY,
                sent={"values": [["Brest", 7]]},
                answer={"updates": {"updatedRange": "A!A2:B2", "updatedRows": 1}},
            )
        ],
        tokens=[("updated_range", "A!A2:B2"), ("updated_rows", 1)],
    ),
    Case(
        block="GOOGLE_SHEETS_UPDATE",
        input={"spreadsheet": "1x", "range": "A!A2:B2", "rows": [["Brest", 7]]},
        asks=[
            Ask(
                method="PUT",
                url=f"{SHEET}/A!A2:B2?valueInputOption=USER_ENTERED",
                headers=KEY,
                sent={"values": [["Brest", 7]]},
                answer={"updatedRange": "A!A2:B2", "updatedCells": 2},
            )
        ],
        tokens=[("updated_range", "A!A2:B2"), ("updated_cells", 2)],
    ),
]
