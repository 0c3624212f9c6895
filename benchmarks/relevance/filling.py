"""How does the store come to hold the agents of the corpus? Published without a review, for whoever measures it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.relevance import corpus
from shared.domain.store import Card, Creator, Figures, Listing, ListingStatus
from shared.firestore import client, commits, listings
from shared.services import shelving

BATCH = 100


async def fill(agents: Sequence[corpus.Agent]) -> None:
    """The store has these listings, published without a review."""
    for start in range(0, len(agents), BATCH):
        made = [_listing(start + n, agent) for n, agent in enumerate(agents[start : start + BATCH])]
        entries = [
            (shelving.entry(one, model), vector) for one in made for model, vector in [await shelving.vector_of(one)]
        ]
        await commits.commit(client.client(), [*map(listings.write, made), *shelving.put(entries)])


def _listing(number: int, agent: corpus.Agent) -> Listing:
    """An agent of the corpus, approved."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Listing(
        id=f"listing{number:06}",
        creator=Creator(id=f"creator{number % 7}", name=f"Creator {number % 7}", picture=""),
        graph_id=f"graph{number}",
        status=ListingStatus.APPROVED,
        card=Card(
            title=agent.title,
            description=agent.description,
            category=agent.category,
            tags=list(agent.tags),
            media_urls=[],
        ),
        version=1,
        graph_version=1,
        submission_id="s",
        pending_id="",
        featured=number % 10 == 0,
        revision=1,
        figures=Figures(downloads=number % 50, rating_count=number % 4, rating_sum=(number % 4) * (number % 5 + 1)),
        created_at=at,
        updated_at=at,
        published_at=at,
    )
