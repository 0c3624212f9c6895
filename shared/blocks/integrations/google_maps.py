"""Google Maps: places.

https://developers.google.com/maps/documentation/places/web-service/text-search: at most 20 places a page and 60 in
all. A search is drawn towards a circle (``locationBias``), so a first one finds out where the query is about.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

PLACES = api.Service(
    name="Google Maps",
    url="https://places.googleapis.com/v1",
    need=Need(
        provider="google_maps",
        kinds=(Kind.API_KEY,),
        hosts=("places.googleapis.com",),
        where="https://console.cloud.google.com/google/maps-apis/credentials",
    ),
    authorize=api.header("X-Goog-Api-Key"),
)
_PAGE = 20
_SEARCH = "/places:searchText"
_FIELDS = ("displayName", "formattedAddress", "nationalPhoneNumber", "rating", "userRatingCount", "websiteUri")
_MASK = ",".join(["nextPageToken", *(f"places.{name}" for name in _FIELDS)])


class GoogleMapsSearchBlock(Block):
    block_type = "GOOGLE_MAPS_SEARCH"
    category = "SEARCH"
    description = "Searches places on Google Maps, as shops and restaurants, and gives each."
    max_attempts = 3
    emits_many = frozenset({"place"})
    cost = "Text searches of Google Maps: one, and one for each 20 places."
    credentials = PLACES.needed()
    examples = [
        Example(title="Restaurants", input={"query": "crêperies in Brest", "max_results": 5}),
        api.without_credentials({"query": "crêperies in Brest"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Google Maps")
        query: str = Field(description="What to look for, and where.")
        radius: int = Field(
            default=5000,
            ge=1,
            le=50_000,
            description="Metres round the best match within which others are preferred.",
        )
        max_results: int = Field(default=20, ge=1, le=60, description="How many places at most.")

    class Output(BlockOutput):
        place: dict[str, Any] = Field(description="Each place: name, address, phone, rating, reviews, website.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        maps = await PLACES.open(context, input.credentials)
        query = {"textQuery": input.query}
        mask = {"X-Goog-FieldMask": "places.location"}
        best = await maps.post(_SEARCH, json={**query, "pageSize": 1}, headers=mask)
        if not best.get("places"):
            return
        circle = {"center": best["places"][0]["location"], "radius": float(input.radius)}
        search: dict[str, Any] = {**query, "pageSize": _PAGE, "locationBias": {"circle": circle}}
        left = input.max_results
        while left > 0:
            page = await maps.post(_SEARCH, json=search, headers={"X-Goog-FieldMask": _MASK})
            for place in page.get("places", [])[:left]:
                yield "place", _place(place)
            left -= len(page.get("places", []))
            if not page.get("nextPageToken"):
                return
            search["pageToken"] = page["nextPageToken"]


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": place.get("displayName", {}).get("text", ""),
        "address": place.get("formattedAddress", ""),
        "phone": place.get("nationalPhoneNumber", ""),
        "rating": place.get("rating", 0),
        "reviews": place.get("userRatingCount", 0),
        "website": place.get("websiteUri", ""),
    }
