"""ScreenshotOne, Google Maps, Revid, DataForSEO, Airtable."""

from typing import Any

from double import BASIC, BEARER, SECRET, Ask, Case

PLACES = "https://places.googleapis.com/v1/places:searchText"
BREST = {"latitude": 48.39, "longitude": -4.49}
REVID = "https://www.revid.ai/api/public/v3"
SEO = "https://api.dataforseo.com/v3/dataforseo_labs/google"
AIRTABLE = "https://api.airtable.com/v0"


def found(names: list[str], more: str | None = None) -> dict[str, Any]:
    places = [{"displayName": {"text": name}, "formattedAddress": "Brest", "rating": 4.5} for name in names]
    return {"places": places, **({"nextPageToken": more} if more else {})}


def place(name: str) -> tuple[str, Any]:
    return (
        "place",
        {"name": name, "address": "Brest", "phone": "", "rating": 4.5, "reviews": 0, "website": ""},
    )


def keyword(text: str) -> dict[str, Any]:
    return {
        "keyword": text,
        "keyword_info": {"search_volume": 90, "competition": 0.1, "cpc": 1.5},
        "keyword_properties": {"keyword_difficulty": 7},
        "serp_info": None,
    }


def seen(text: str) -> dict[str, Any]:
    return {
        "keyword": text,
        "search_volume": 90,
        "competition": 0.1,
        "cpc": 1.5,
        "keyword_difficulty": 7,
        "serp_info": None,
        "clickstream_data": None,
    }


def task(items: list[Any], code: int = 20000) -> dict[str, Any]:
    result = {"items": items, "total_count": 900, "seed_keyword": "tide"}
    return {"tasks": [{"status_code": code, "status_message": "so it is", "cost": 0.01, "result": [result]}]}


TASK = {
    "keyword": "tide",
    "location_code": 2840,
    "language_code": "en",
    "include_seed_keyword": True,
    "include_serp_info": False,
    "include_clickstream_data": False,
    "limit": 100,
}
RECORDS = [{"fields": {"n": n}} for n in range(11)]

CASES = [
    Case(
        block="SCREENSHOT_WEB_PAGE",
        input={"url": "https://example.com/", "format": "webp", "full_page": True},
        asks=[
            Ask(
                method="POST",
                url="https://api.screenshotone.com/take",
                headers={"x-access-key": SECRET},
                sent={
                    "url": "https://example.com/",
                    "viewport_width": 1920,
                    "viewport_height": 1080,
                    "full_page": True,
                    "format": "webp",
                    "block_ads": True,
                    "block_cookie_banners": True,
                    "block_chats": True,
                    "cache": False,
                },
                raw=b"RIFF",
            )
        ],
        tokens=[("image", "data:image/webp;base64,UklGRg==")],
    ),
    Case(
        block="GOOGLE_MAPS_SEARCH",
        input={"query": "crêperies", "max_results": 3, "radius": 900},
        asks=[
            Ask(
                method="POST",
                url=PLACES,
                headers={"x-goog-api-key": SECRET, "x-goog-fieldmask": "places.location"},
                sent={"textQuery": "crêperies", "pageSize": 1},
                answer={"places": [{"location": BREST}]},
            ),
            Ask(
                method="POST",
                url=PLACES,
                sent={
                    "textQuery": "crêperies",
                    "pageSize": 20,
                    "locationBias": {"circle": {"center": BREST, "radius": 900.0}},
                },
                answer=found(["a", "b"], "next"),
            ),
            Ask(
                method="POST",
                url=PLACES,
                sent={
                    "textQuery": "crêperies",
                    "pageSize": 20,
                    "locationBias": {"circle": {"center": BREST, "radius": 900.0}},
                    "pageToken": "next",
                },
                answer=found(["c", "d"], "more"),
            ),
        ],
        tokens=[place("a"), place("b"), place("c")],
    ),
    Case(
        block="GOOGLE_MAPS_SEARCH",
        title="nothing",
        input={"query": "xyzzy"},
        asks=[Ask(method="POST", url=PLACES, answer={})],
        tokens=[],
    ),
    Case(
        block="AI_SHORTFORM_VIDEO_CREATOR",
        input={"script": "Ebb.", "voice": "Brian", "video_style": "movingImage"},
        asks=[
            Ask(
                method="POST",
                url=f"{REVID}/render",
                headers={"key": SECRET},
                sent={
                    "workflow": "script-to-video",
                    "source": {"text": "Ebb."},
                    "aspectRatio": "9:16",
                    "voice": {"enabled": True, "voiceId": "nPczCjzI2devNBz1zQrb"},
                    "music": {"enabled": True, "trackName": "Highway Nocturne"},
                    "media": {"type": "moving-image", "mediaPreset": "LEONARDO"},
                    "options": {"summarizationPreference": "no-summarization"},
                    "render": {"resolution": "720p", "frameRate": 60},
                },
                answer={"success": 1, "pid": "p_1"},
            ),
            Ask(method="GET", url=f"{REVID}/status?pid=p_1", headers={"key": SECRET}, answer={"status": "building"}),
            Ask(
                method="GET",
                url=f"{REVID}/status?pid=p_1",
                answer={"status": "ready", "videoUrl": "https://cdn.revid.ai/v/1.mp4"},
            ),
        ],
        tokens=[("video_url", "https://cdn.revid.ai/v/1.mp4")],
    ),
    Case(
        block="AI_SHORTFORM_VIDEO_CREATOR",
        title="no credits",
        input={"script": "Ebb."},
        asks=[Ask(method="POST", url=f"{REVID}/render", answer={"success": 0, "error": "insufficient_credits"})],
        fails="insufficient_credits",
    ),
    Case(
        block="DATA_FOR_SEO_RELATED_KEYWORDS",
        input={"keyword": "tide"},
        asks=[
            Ask(
                method="POST",
                url=f"{SEO}/related_keywords/live",
                headers={"authorization": BASIC},
                sent=[{**TASK, "depth": 1}],
                answer=task([{"keyword_data": keyword("tide")}, {"keyword_data": keyword("tide table")}]),
            )
        ],
        tokens=[
            ("related_keyword", seen("tide")),
            ("related_keyword", seen("tide table")),
            ("related_keywords", [seen("tide"), seen("tide table")]),
            ("total_count", 2),
            ("seed_keyword", "tide"),
        ],
        charged=0.01,
    ),
    Case(
        block="DATA_FOR_SEO_KEYWORD_SUGGESTIONS",
        input={"keyword": "tide", "location_code": None},
        asks=[
            Ask(
                method="POST",
                url=f"{SEO}/keyword_suggestions/live",
                headers={"authorization": BASIC},
                sent=[{name: value for name, value in TASK.items() if name != "location_code"}],
                answer=task([keyword("tide table")]),
            )
        ],
        tokens=[
            ("suggestion", seen("tide table")),
            ("suggestions", [seen("tide table")]),
            ("total_count", 1),
            ("seed_keyword", "tide"),
        ],
        charged=0.01,
    ),
    Case(
        block="DATA_FOR_SEO_KEYWORD_SUGGESTIONS",
        title="more than a thousand, which is the most at once",
        input={"keyword": "tide", "limit": 1002},
        asks=[
            Ask(
                method="POST",
                url=f"{SEO}/keyword_suggestions/live",
                sent=[{**TASK, "limit": 1000}],
                answer=task([keyword("tide table")] * 1000),
            ),
            Ask(
                method="POST",
                url=f"{SEO}/keyword_suggestions/live",
                sent=[{**TASK, "limit": 2, "offset": 1000}],
                answer=task([keyword("tide clock")]),
            ),
        ],
        tokens=[
            *[("suggestion", seen("tide table"))] * 1000,
            ("suggestion", seen("tide clock")),
            ("suggestions", [*[seen("tide table")] * 1000, seen("tide clock")]),
            ("total_count", 1001),
            ("seed_keyword", "tide"),
        ],
        charged=0.02,
    ),
    *(
        Case(
            block="DATA_FOR_SEO_KEYWORD_SUGGESTIONS",
            title=str(code),
            input={"keyword": "tide"},
            asks=[Ask(method="POST", url=f"{SEO}/keyword_suggestions/live", answer=task([], code))],
            fails="so it is",
            charged=0.01,
        )
        for code in (40501, 40100, 40202)
    ),
    Case(
        block="AIRTABLE_CREATE_RECORDS",
        input={"base_id": "app1", "table_id_or_name": "Tide times", "records": RECORDS, "typecast": True},
        asks=[
            Ask(
                method="POST",
                url=f"{AIRTABLE}/app1/Tide%20times",
                headers={"authorization": BEARER},
                sent={"records": some, "typecast": True},
                answer={"records": [{"id": f"rec{one['fields']['n']}", **one} for one in some]},
            )
            for some in (RECORDS[:10], RECORDS[10:])
        ],
        tokens=[
            ("records", [{"id": f"rec{one['fields']['n']}", **one} for one in RECORDS]),
            ("details", {}),
        ],
    ),
    Case(
        block="AIRTABLE_CREATE_RECORDS",
        title="evened out, fields as they are",
        input={
            "base_id": "app1",
            "table_id_or_name": "tbl1",
            "records": [{"a": 1}, {"b": 2}],
            "return_fields_by_field_id": False,
        },
        asks=[
            Ask(
                method="POST",
                url=f"{AIRTABLE}/app1/tbl1",
                sent={
                    "records": [{"fields": {"a": 1}}, {"fields": {"b": 2}}],
                    "typecast": False,
                    "returnFieldsByFieldId": False,
                },
                answer={
                    "records": [{"id": "r1", "fields": {"a": 1}}, {"id": "r2", "fields": {"b": 2}}],
                    "details": {"message": "partialSuccess"},
                },
            )
        ],
        tokens=[
            (
                "records",
                [{"id": "r1", "fields": {"a": 1, "b": None}}, {"id": "r2", "fields": {"a": None, "b": 2}}],
            ),
            ("details", {"message": "partialSuccess"}),
        ],
    ),
    Case(
        block="AIRTABLE_CREATE_BASE",
        input={"workspace_id": "wsp1", "name": "Tides", "tables": [{"name": "T"}]},
        asks=[
            Ask(
                method="GET",
                url=f"{AIRTABLE}/meta/bases",
                headers={"authorization": BEARER},
                answer={"bases": [{"id": "app1", "name": "Moons"}], "offset": "o1"},
            ),
            Ask(method="GET", url=f"{AIRTABLE}/meta/bases?offset=o1", answer={"bases": []}),
            Ask(
                method="POST",
                url=f"{AIRTABLE}/meta/bases",
                headers={"authorization": BEARER},
                sent={"workspaceId": "wsp1", "name": "Tides", "tables": [{"name": "T"}]},
                answer={"id": "app2", "tables": [{"id": "tbl1", "name": "T"}]},
            ),
        ],
        tokens=[
            ("base_id", "app2"),
            ("table", {"id": "tbl1", "name": "T"}),
            ("tables", [{"id": "tbl1", "name": "T"}]),
            ("was_created", True),
        ],
    ),
    Case(
        block="AIRTABLE_CREATE_BASE",
        title="found",
        input={"workspace_id": "wsp1", "name": "Moons"},
        asks=[
            Ask(method="GET", url=f"{AIRTABLE}/meta/bases", answer={"bases": [{"id": "app1", "name": "Moons"}]}),
            Ask(method="GET", url=f"{AIRTABLE}/meta/bases/app1/tables", answer={"tables": []}),
        ],
        tokens=[("base_id", "app1"), ("tables", []), ("was_created", False)],
    ),
]
