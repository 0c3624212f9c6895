"""Notion, Linear, HubSpot, Stripe."""

from typing import Any

from double import BEARER, SECRET, Ask, Case

NOTION = "https://api.notion.com/v1"
NOTION_KEY = {"authorization": BEARER, "notion-version": "2026-03-11"}
LINEAR = "https://api.linear.app/graphql"
ISSUE = {"id": "i1", "identifier": "TID-7", "title": "Late", "url": "https://linear.app/TID-7"}
KNOWN = "73b096bf-15bf-5492-811f-df9645232f11"


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "text": {"content": content}}


def paragraph(*pieces: str) -> dict[str, Any]:
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": [text(one) for one in pieces]}}


def graphql(answer: Any, status: int = 200, **variables: Any) -> Ask:
    return Ask(
        method="POST",
        url=LINEAR,
        headers={"authorization": SECRET},
        variables=variables or None,
        status=status,
        answer=answer,
    )


def coded(message: str, code: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


PROPERTIES = {
    "Port": {"type": "title", "title": [{"plain_text": "Bre"}, {"plain_text": "st"}]},
    "Kind": {"type": "select", "select": None},
    "Tags": {"type": "multi_select", "multi_select": [{"name": "sea"}]},
    "Day": {"type": "date", "date": {"start": "2026-03-14", "end": None}},
    "High": {"type": "number", "number": 6.9},
}
PLAIN = {"Port": "Brest", "Kind": None, "Tags": ["sea"], "Day": "2026-03-14", "High": 6.9}
PAGE = {"id": "p1", "url": "https://notion.so/p1", "properties": PLAIN}
TEAM = graphql({"data": {"teams": {"nodes": [{"id": "t1"}]}}}, key="TID")
CONFLICT = {"errors": [{"message": "conflict on insert of Issue"}]}

CASES = [
    Case(
        block="NOTION_CREATE_PAGE",
        input={"parent_page_id": "195d", "title": "Tides", "content": "One\n\n" + "x" * 2001 + "\n\n\n\n"},
        asks=[
            Ask(
                method="POST",
                url=f"{NOTION}/pages",
                headers=NOTION_KEY,
                sent={
                    "parent": {"page_id": "195d"},
                    "properties": {"title": {"title": [{"text": {"content": "Tides"}}]}},
                    "children": [paragraph("One"), paragraph("x" * 2000, "x")],
                },
                answer={"id": "p1", "url": "https://notion.so/p1"},
            )
        ],
        tokens=[("page_id", "p1"), ("url", "https://notion.so/p1")],
    ),
    Case(
        block="NOTION_CREATE_PAGE",
        title="long",
        input={"parent_page_id": "195d", "title": "Tides", "content": "\n\n".join(map(str, range(101)))},
        asks=[
            Ask(method="POST", url=f"{NOTION}/pages", answer={"id": "p1", "url": "https://notion.so/p1"}),
            Ask(
                method="PATCH",
                url=f"{NOTION}/blocks/p1/children",
                headers=NOTION_KEY,
                sent={"children": [paragraph("100")]},
                answer={},
            ),
        ],
    ),
    Case(
        block="NOTION_QUERY_DATABASE",
        input={"database_id": "d1", "filter": {"property": "Port"}},
        asks=[
            Ask(
                method="GET",
                url=f"{NOTION}/databases/d1",
                headers=NOTION_KEY,
                answer={"data_sources": [{"id": "s1"}]},
            ),
            Ask(
                method="POST",
                url=f"{NOTION}/data_sources/s1/query",
                headers=NOTION_KEY,
                sent={"page_size": 100, "filter": {"property": "Port"}},
                answer={
                    "results": [{"id": "p1", "url": "https://notion.so/p1", "properties": PROPERTIES}],
                    "has_more": True,
                    "next_cursor": "c2",
                },
            ),
            Ask(
                method="POST",
                url=f"{NOTION}/data_sources/s1/query",
                sent={"page_size": 100, "filter": {"property": "Port"}, "start_cursor": "c2"},
                answer={"results": [], "has_more": False},
            ),
        ],
        tokens=[("page", PAGE), ("pages", [PAGE])],
    ),
    Case(
        block="LINEAR_CREATE_ISSUE",
        input={"team": "tid", "title": "Late", "priority": 2},
        asks=[
            TEAM,
            graphql(
                {"data": {"issueCreate": {"issue": ISSUE}}},
                input={"id": KNOWN, "teamId": "t1", "title": "Late", "description": "", "priority": 2},
            ),
        ],
        tokens=[("identifier", "TID-7"), ("url", "https://linear.app/TID-7"), ("issue", ISSUE)],
    ),
    Case(
        block="LINEAR_CREATE_ISSUE",
        title="repeated",
        input={"team": "TID", "title": "Late"},
        asks=[TEAM, graphql(CONFLICT), graphql({"data": {"issue": ISSUE}}, id=KNOWN)],
        tokens=[("identifier", "TID-7"), ("url", "https://linear.app/TID-7"), ("issue", ISSUE)],
    ),
    Case(
        block="LINEAR_CREATE_ISSUE",
        title="refused",
        input={"team": "TID", "title": ""},
        asks=[
            TEAM,
            graphql({"errors": [{"message": "title must not be empty"}]}),
            graphql({"errors": [{"message": "Entity not found"}]}),
        ],
        fails="title must not be empty",
    ),
    Case(
        block="LINEAR_SEARCH_ISSUES",
        title="a key that is not known",
        input={"term": "late"},
        asks=[graphql(coded("not authenticated", "AUTHENTICATION_ERROR"), status=400)],
        fails="make new credentials at https://linear.app",
    ),
    Case(
        block="LINEAR_CREATE_ISSUE",
        title="no team",
        input={"team": "OLD", "title": "Late"},
        asks=[graphql({"data": {"teams": {"nodes": []}}}, key="OLD")],
        fails="no team with the key 'OLD'",
    ),
    Case(
        block="LINEAR_SEARCH_ISSUES",
        input={"term": "late", "limit": 5},
        asks=[
            graphql(
                {"data": {"searchIssues": {"nodes": [{**ISSUE, "state": {"name": "Todo"}, "assignee": None}]}}},
                term="late",
                first=5,
            )
        ],
        tokens=[
            ("issue", {**ISSUE, "state": "Todo", "assignee": None}),
            ("issues", [{**ISSUE, "state": "Todo", "assignee": None}]),
        ],
    ),
    Case(
        block="HUBSPOT_UPSERT_CONTACT",
        input={"email": "bob@b.example", "properties": {"firstname": "Bob"}},
        asks=[
            Ask(
                method="POST",
                url="https://api.hubapi.com/crm/objects/2026-09/contacts/batch/upsert",
                headers={"authorization": BEARER},
                sent={
                    "inputs": [
                        {
                            "idProperty": "email",
                            "id": "bob@b.example",
                            "properties": {"firstname": "Bob", "email": "bob@b.example"},
                        }
                    ]
                },
                answer={"status": "COMPLETE", "results": [{"id": "51", "new": True}]},
            )
        ],
        tokens=[("contact_id", "51"), ("was_created", True)],
    ),
    Case(
        block="STRIPE_CREATE_PAYMENT_LINK",
        input={"name": "Tide table", "amount": 950, "currency": "EUR"},
        asks=[
            Ask(
                method="POST",
                url="https://api.stripe.com/v1/payment_links",
                headers={"authorization": BEARER, "idempotency-key": "ne-1"},
                form={
                    "line_items[0][price_data][currency]": "eur",
                    "line_items[0][price_data][unit_amount]": "950",
                    "line_items[0][price_data][product_data][name]": "Tide table",
                    "line_items[0][quantity]": "1",
                },
                answer={"id": "plink_1", "url": "https://buy.stripe.com/1"},
            )
        ],
        tokens=[("url", "https://buy.stripe.com/1"), ("id", "plink_1")],
    ),
]
