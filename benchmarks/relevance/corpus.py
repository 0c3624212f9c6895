"""Which agents fill a store, so that it can be searched?

Those of ``agents.tsv``, each with a query in other words and one with typing errors, most with another in other words
in ``unseen.tsv``; among as many made ones as are wanted, none of which answers a query.
"""

import csv
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("agents.tsv")
_UNSEEN = Path(__file__).with_name("unseen.tsv")

_THINGS = (
    "beehive readings", "violin lessons", "chess openings", "marathon results", "museum loans", "harbour tides",
    "satellite images", "bird sightings", "library fines", "choir rehearsals", "ski passes", "vineyard harvests",
    "train delays", "bridge inspections", "elevator faults", "school menus", "pharmacy stocks", "blood donations",
    "dental appointments", "horse pedigrees", "dog walks", "aquarium values", "greenhouse sensors", "solar yields",
    "wind turbines", "parking spaces", "bicycle repairs", "car leases", "insurance claims", "mortgage offers",
    "pension statements", "auction lots", "antique coins", "stamp collections", "wine cellars", "coffee roasts",
    "cheese ageing", "bakery orders", "restaurant tables", "hotel linen", "cruise cabins", "ferry bookings",
    "camping pitches", "climbing routes", "diving logs", "sailing crews", "football scouting", "tennis ladders",
    "poker hands", "board game nights", "puzzle hunts", "theatre props", "film locations", "radio playlists",
    "vinyl records", "concert riders", "guitar chords", "poem metres", "crossword clues", "family trees",
    "church archives", "election posters", "petition signatures", "street lamps", "waste collection", "water meters",
    "forest fires", "avalanche bulletins", "earthquake sensors", "volcano webcams", "asteroid orbits", "star charts",
    "protein structures", "gene panels", "clinical trials", "lab mice", "microscope slides", "chemical spills",
    "steel coils", "textile dyes", "leather hides", "printing plates", "packaging foils", "battery tests",
)  # fmt: skip
_DEEDS = (
    ("Archivist", "keeps every record of {} in order and finds it again"),
    ("Watch", "looks at {} every hour and raises an alarm when something is odd"),
    ("Forecaster", "estimates how {} will develop until the end of the season"),
    ("Auditor", "goes through {} and marks entries that contradict each other"),
    ("Matchmaker", "brings those who offer {} together with those who want them"),
    ("Quiz", "asks playful questions on {} and keeps a high score"),
    ("Digest", "condenses all that is written on {} into one page a week"),
    ("Planner", "spreads the work on {} evenly over people and days"),
    ("Translator", "brings notes on {} from Japanese into English"),
    ("Illustrator", "draws simple pictures of {} for a leaflet"),
    ("Negotiator", "haggles over {} by letter and keeps the tone polite"),
    ("Benchmark", "compares {} with those of similar places"),
)
_FOR = ("for clubs", "for small firms", "for schools", "for agencies", "for hobbyists", "for large organisations",
        "for volunteers", "for one person", "for public offices", "for cooperatives")  # fmt: skip
_CATEGORIES = ("productivity", "data", "operations", "lifestyle", "research", "media", "finance", "education")


@dataclass(frozen=True)
class Agent:
    title: str
    category: str
    tags: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class Query:
    """``kind``: ``paraphrase``, ``typos``, or ``unseen``: a paraphrase that was written when the search was there;
    ``wanted``: the title of the agent that it means."""

    kind: str
    text: str
    wanted: str


def known() -> tuple[list[Agent], list[Query]]:
    """The agents that were written by hand, and the queries that mean them."""
    agents: list[Agent] = []
    queries: list[Query] = []
    for row in _rows(_FILE):
        tags = tuple(row["tags"].split(","))
        agents.append(Agent(row["title"], row["category"], tags, row["description"]))
        queries += [Query(kind, row[kind], row["title"]) for kind in ("paraphrase", "typos")]
    queries += [Query("unseen", row["paraphrase"], row["title"]) for row in _rows(_UNSEEN)]
    return agents, queries


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def made(count: int, seed: int = 7) -> list[Agent]:
    """So many others, each once, in an order that follows from ``seed``."""
    every = list(itertools.product(_THINGS, _DEEDS, _FOR))
    random.Random(seed).shuffle(every)  # noqa: S311 - a corpus is no secret
    return list(itertools.islice(_all(every), count))


def _all(every: Sequence[tuple[str, tuple[str, str], str]]) -> Iterator[Agent]:
    for position, (thing, (name, deed), whom) in enumerate(every):
        title = f"{thing.title()} {name} {whom}"
        first = f"This agent {deed.format(thing)}. It works {whom} and tells what it did by e-mail or chat."
        yield Agent(title, _CATEGORIES[position % len(_CATEGORIES)], (thing.split()[0], name.lower()), first)
