"""Wikipedia and the weather: what anybody may read.

https://en.wikipedia.org/api/rest_v1/#/Page%20content/get_page_summary__title_, with a User-Agent as
https://meta.wikimedia.org/wiki/User-Agent_policy asks for; https://openweathermap.org/current, which wants
coordinates, and https://openweathermap.org/api/geocoding-api, which gives them.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

WIKIPEDIA = api.Service(
    name="Wikipedia",
    url="https://en.wikipedia.org/api/rest_v1",
    headers={"User-Agent": "Weftly (agents of blocks; one request a node) httpx"},
)
OPEN_WEATHER = api.Service(
    name="OpenWeather",
    url="https://api.openweathermap.org",
    need=Need(
        provider="openweathermap",
        kinds=(Kind.API_KEY,),
        hosts=("api.openweathermap.org",),
        where="https://home.openweathermap.org/api_keys",
    ),
    authorize=api.parameter("appid"),
)


class GetWikipediaSummaryBlock(Block):
    block_type = "GET_WIKIPEDIA_SUMMARY"
    category = "SEARCH"
    description = "Gives the first paragraph of an article of the English Wikipedia."
    max_attempts = 3
    examples = [Example(title="A topic", input={"topic": "Tidal power"})]

    class Input(BlockInput):
        topic: str = Field(description="The title of the article.")

    class Output(BlockOutput):
        summary: str = Field(description="The summary.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        wikipedia = await WIKIPEDIA.open(context)
        page = await wikipedia.get(f"/page/summary{api.path(input.topic.strip().replace(' ', '_'))}")
        if not page.get("extract"):
            raise wikipedia.refused(f"has no summary of {input.topic!r}; give the title of an article")
        yield "summary", page["extract"]


class GetWeatherInformationBlock(Block):
    block_type = "GET_WEATHER_INFORMATION"
    category = "SEARCH"
    description = "Gives the weather of a place as it is now, from OpenWeather."
    max_attempts = 3
    credentials = OPEN_WEATHER.needed()
    examples = [
        Example(title="A town", input={"location": "Brest, FR"}),
        api.without_credentials({"location": "Brest, FR"}),
    ]

    class Input(BlockInput):
        location: str = Field(description="A place: a town, with a country after a comma.")
        credentials: Any = api.credentials_pin("OpenWeather")
        use_celsius: bool = Field(default=True, description="Whether in degrees Celsius, or in Fahrenheit.")

    class Output(BlockOutput):
        temperature: str = Field(description="The temperature in degrees.")
        humidity: str = Field(description="The humidity in per cent.")
        condition: str = Field(description="The weather in words.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        weather = await OPEN_WEATHER.open(context, input.credentials)
        name = ",".join(part.strip() for part in input.location.split(","))
        places = await weather.get("/geo/1.0/direct", params={"q": name, "limit": 1})
        if not places:
            raise weather.refused(f"knows no place {input.location!r}: give a town, with a country after a comma")
        at = {"lat": places[0]["lat"], "lon": places[0]["lon"]}
        units = "metric" if input.use_celsius else "imperial"
        now = await weather.get("/data/2.5/weather", params={**at, "units": units})
        yield "temperature", str(now["main"]["temp"])
        yield "humidity", str(now["main"]["humidity"])
        yield "condition", now["weather"][0]["description"]
