"""Requests with credentials, webhooks, feeds, videos."""

from typing import Any

from double import SECRET, Ask, Case

URL = "https://api.example.com/orders"
FEED = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>Tides</title>
<item><title>High</title><link>https://t.example/1</link><description>at six</description>
<pubDate>Sat, 14 Mar 2026 11:00:00 GMT</pubDate><author>ann@a.example</author><category>sea</category></item>
<item><title>Old</title><link>https://t.example/0</link><pubDate>Thu, 12 Mar 2026 11:00:00 GMT</pubDate></item>
<item><title>Some day</title></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>A</title>
<link href="https://t.example/a"/><updated>2026-03-14T11:30:00Z</updated><summary>s</summary></entry></feed>"""
PAGE = b'<script>ytcfg.set({"INNERTUBE_API_KEY":"key-1"})</script>'
XML = "<transcript><text start='0'>It&amp;#39;s   ebb</text><text start='2'></text><text>now</text></transcript>"
VIDEO = "https://www.youtube.com"


def entry(title: str, **more: Any) -> dict[str, Any]:
    nothing = {"link": "", "description": "", "pub_date": None, "author": "", "categories": []}
    return {"title": title, **nothing, **more}


HIGH = entry(
    "High",
    link="https://t.example/1",
    description="at six",
    pub_date="2026-03-14T11:00:00+00:00",
    author="ann@a.example",
    categories=["sea"],
)
FIRST = entry("A", link="https://t.example/a", description="s", pub_date="2026-03-14T11:30:00+00:00")


def watched(player: dict[str, Any]) -> list[Ask]:
    return [
        Ask(method="GET", url=f"{VIDEO}/watch?v=dQw4w9WgXcQ", headers={"proxy-authorization": None}, raw=PAGE),
        Ask(
            method="POST",
            url=f"{VIDEO}/youtubei/v1/player?key=key-1",
            sent={
                "context": {"client": {"clientName": "ANDROID", "clientVersion": "20.10.38"}},
                "videoId": "dQw4w9WgXcQ",
            },
            answer=player,
        ),
    ]


def captions(*tracks: dict[str, Any]) -> dict[str, Any]:
    return {
        "playabilityStatus": {"status": "OK"},
        "captions": {"playerCaptionsTracklistRenderer": {"captionTracks": list(tracks)}},
    }


def track(language: str, kind: str = "") -> dict[str, Any]:
    return {
        "baseUrl": f"{VIDEO}/api/timedtext?lang={language}{kind}&fmt=srv3",
        "languageCode": language,
        "kind": kind,
    }


CASES = [
    Case(
        block="SEND_AUTHENTICATED_WEB_REQUEST",
        input={"url": "api.example.com/orders", "body": {"item": 7}},
        asks=[
            Ask(
                method="POST",
                url=URL,
                headers={"x-key": SECRET, "idempotency-key": "ne-1"},
                sent={"item": 7},
                answer={"echo": {SECRET: [f"X-Key: {SECRET}"]}},
            )
        ],
        tokens=[("response", {"echo": {"[secret]": ["X-Key: [secret]"]}})],
    ),
    *(
        Case(
            block="SEND_AUTHENTICATED_WEB_REQUEST",
            title=str(status),
            input={"url": URL, "method": "GET"},
            asks=[Ask(method="GET", url=URL, headers={"x-key": SECRET}, status=status, raw=b"no")],
            tokens=[(pin, "no")],
        )
        for status, pin in ((401, "client_error"), (503, "server_error"))
    ),
    Case(
        block="SEND_AUTHENTICATED_WEB_REQUEST",
        title="to another host",
        input={"url": "https://api.example.com@evil.example/orders"},
        asks=[],
        fails="The credentials are for api.example.com, and the address is at evil.example",
    ),
    Case(
        block="GENERIC_WEBHOOK_TRIGGER",
        input={"payload": {"a": 1}, "constants": {"b": 2}},
        asks=[],
        tokens=[("payload", {"a": 1}), ("constants", {"b": 2})],
    ),
    Case(
        block="READ_RSS_FEED",
        input={"rss_url": "https://t.example/feed", "polling_rate": 300},
        asks=[Ask(method="GET", url="https://t.example/feed", raw=FEED)],
        tokens=[("entry", HIGH), ("entry", entry("Some day")), ("entries", [HIGH, entry("Some day")])],
    ),
    Case(
        block="READ_RSS_FEED",
        title="Atom",
        input={"rss_url": "https://t.example/feed", "polling_rate": 300, "time_period": 40},
        asks=[Ask(method="GET", url="https://t.example/feed", raw=ATOM)],
        tokens=[("entry", FIRST), ("entries", [FIRST])],
    ),
    *(
        Case(
            block="READ_RSS_FEED",
            title=f"which names {what}",
            input={"rss_url": "https://t.example/feed", "polling_rate": 300},
            asks=[Ask(method="GET", url="https://t.example/feed", raw=raw)],
            fails="neither RSS nor Atom",
        )
        for what, raw in (("a file", __file__.encode()), ("a page", b"https://t.example/feed"), ("nothing", b""))
    ),
    Case(
        block="TRANSCRIBE_YOUTUBE_VIDEO",
        input={"youtube_url": "https://www.youtube.com/watch?t=3&v=dQw4w9WgXcQ&list=x"},
        asks=[
            *watched(captions(track("de"), track("en", "asr"), track("en-GB"))),
            Ask(method="GET", url=f"{VIDEO}/api/timedtext?lang=en-GB", raw=XML.encode()),
        ],
        tokens=[("video_id", "dQw4w9WgXcQ"), ("transcript", "It's ebb\nnow")],
        proxied=("p.webshare.io", 80, "ann-rotate", SECRET),
    ),
    Case(
        block="TRANSCRIBE_YOUTUBE_VIDEO",
        title="without captions",
        input={"youtube_url": "https://youtu.be/dQw4w9WgXcQ?si=x"},
        asks=watched({"playabilityStatus": {"status": "OK"}}),
        fails="has no captions",
        proxied=("p.webshare.io", 80, "ann-rotate", SECRET),
    ),
    Case(
        block="TRANSCRIBE_YOUTUBE_VIDEO",
        title="not shown",
        input={"youtube_url": "dQw4w9WgXcQ"},
        asks=watched({"playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": "Sign in: you may be a bot"}}),
        fails="you may be a bot",
        proxied=("p.webshare.io", 80, "ann-rotate", SECRET),
    ),
]
