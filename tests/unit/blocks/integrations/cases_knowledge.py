"""Mem0, Wikipedia, the weather."""

from double import SECRET, Ask, Case

TOKEN = {"authorization": f"Token {SECRET}"}
EVENT = "https://api.mem0.ai/v1/event/e7/"
MINE = {"AND": [{"user_id": "ann"}, {"agent_id": "g"}]}
MEMORIES = [
    {"id": "m1", "memory": "Eats no meat", "created_at": "2026-03-01T00:00:00Z"},
    {"id": "m2", "memory": "Lives in Brest", "created_at": "2026-03-09T00:00:00Z"},
]


def added(messages: list[dict[str, str]], **whose: str) -> Ask:
    return Ask(
        method="POST",
        url="https://api.mem0.ai/v3/memories/add/",
        headers=TOKEN,
        sent={"messages": messages, "metadata": {}, "user_id": "ann", **whose},
        answer={"message": "queued", "status": "PENDING", "event_id": "e7"},
    )


CASES = [
    Case(
        block="ADD_MEMORY",
        input={"content": {"discriminator": "content", "content": "I eat no meat"}},
        asks=[
            added([{"role": "user", "content": "I eat no meat"}], agent_id="g"),
            Ask(method="GET", url=EVENT, headers=TOKEN, answer={"id": "e7", "status": "RUNNING"}),
            Ask(
                method="GET",
                url=EVENT,
                answer={
                    "status": "SUCCEEDED",
                    "results": [{"id": "m1", "event": "ADD", "data": {"memory": "Eats no meat"}}],
                },
            ),
        ],
        tokens=[
            ("action", "ADD"),
            ("memory", "Eats no meat"),
            ("results", [{"id": "m1", "event": "ADD", "memory": "Eats no meat"}]),
        ],
    ),
    Case(
        block="ADD_MEMORY",
        title="nothing new in a conversation",
        input={
            "content": {"messages": [{"role": "user", "content": "hi"}]},
            "limit_memory_to_agent": False,
            "limit_memory_to_run": True,
        },
        asks=[
            added([{"role": "user", "content": "hi"}], run_id="e"),
            Ask(method="GET", url=EVENT, answer={"status": "SUCCEEDED", "results": []}),
        ],
        tokens=[("action", "NO_CHANGE"), ("results", [])],
    ),
    Case(
        block="ADD_MEMORY",
        title="failed",
        input={"content": {"content": "x"}},
        asks=[
            added([{"role": "user", "content": "x"}], agent_id="g"),
            Ask(method="GET", url=EVENT, answer={"status": "FAILED"}),
        ],
        fails="could not remember it",
    ),
    Case(
        block="SEARCH_MEMORY",
        input={"query": "food", "categories_filter": ["diet"], "metadata_filter": {"source": "form"}},
        asks=[
            Ask(
                method="POST",
                url="https://api.mem0.ai/v3/memories/search/",
                headers=TOKEN,
                sent={
                    "query": "food",
                    "filters": {
                        "AND": [
                            *MINE["AND"],
                            {"categories": {"in": ["diet"]}},
                            {"metadata": {"source": "form"}},
                        ]
                    },
                },
                answer={"results": MEMORIES[:1]},
            )
        ],
        tokens=[("memories", MEMORIES[:1])],
    ),
    Case(
        block="GET_ALL_MEMORIES",
        input={},
        asks=[
            Ask(
                method="POST",
                url=f"https://api.mem0.ai/v3/memories/?page={page}&page_size=100",
                headers=TOKEN,
                sent={"filters": MINE},
                answer={"count": 2, "next": more, "results": [MEMORIES[page - 1]]},
            )
            for page, more in ((1, "https://api.mem0.ai/v3/memories/?page=2"), (2, None))
        ],
        tokens=[("memories", MEMORIES)],
    ),
    Case(
        block="GET_LATEST_MEMORY",
        input={"conversation_id": "c7"},
        asks=[
            Ask(
                method="POST",
                url="https://api.mem0.ai/v3/memories/?page=1&page_size=100",
                sent={"filters": {"AND": [*MINE["AND"], {"metadata": {"conversation_id": "c7"}}]}},
                answer={"count": 2, "next": None, "results": MEMORIES},
            )
        ],
        tokens=[("memory", MEMORIES[1]), ("found", True)],
    ),
    Case(
        block="GET_LATEST_MEMORY",
        title="none",
        input={},
        asks=[
            Ask(method="POST", url="https://api.mem0.ai/v3/memories/?page=1&page_size=100", answer={"results": []})
        ],
        tokens=[("memory", None), ("found", False)],
    ),
    Case(
        block="GET_WIKIPEDIA_SUMMARY",
        input={"topic": "AC/DC"},
        asks=[
            Ask(
                method="GET",
                url="https://en.wikipedia.org/api/rest_v1/page/summary/AC%2FDC",
                answer={"title": "AC/DC", "extract": "AC/DC are a band."},
            )
        ],
        tokens=[("summary", "AC/DC are a band.")],
    ),
    Case(
        block="GET_WIKIPEDIA_SUMMARY",
        title="empty",
        input={"topic": "Tidal power"},
        asks=[
            Ask(
                method="GET",
                url="https://en.wikipedia.org/api/rest_v1/page/summary/Tidal_power",
                answer={"extract": ""},
            )
        ],
        fails="no summary of 'Tidal power'",
    ),
    Case(
        block="GET_WEATHER_INFORMATION",
        input={"location": "Brest, FR", "use_celsius": False},
        asks=[
            Ask(
                method="GET",
                url=f"https://api.openweathermap.org/geo/1.0/direct?appid={SECRET}&q=Brest%2CFR&limit=1",
                answer=[{"name": "Brest", "lat": 48.39, "lon": -4.49, "country": "FR"}],
            ),
            Ask(
                method="GET",
                url=f"https://api.openweathermap.org/data/2.5/weather?appid={SECRET}&lat=48.39&lon=-4.49&units=imperial",
                answer={"main": {"temp": 53.2, "humidity": 81}, "weather": [{"description": "light rain"}]},
            ),
        ],
        tokens=[("temperature", "53.2"), ("humidity", "81"), ("condition", "light rain")],
    ),
    Case(
        block="GET_WEATHER_INFORMATION",
        title="no such place",
        input={"location": "Xyzzy"},
        asks=[
            Ask(
                method="GET",
                url=f"https://api.openweathermap.org/geo/1.0/direct?appid={SECRET}&q=Xyzzy&limit=1",
                answer=[],
            )
        ],
        fails="knows no place 'Xyzzy'",
    ),
]
