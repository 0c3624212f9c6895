"""What does a release leave in the database? ``python -m tests.engine.released DATE`` keeps it, for those after it.

Two executions in flight and one that waits for a person, as documents, beside what comes of them. Kept before what is
written changes; those that are there stay as they are: what they hold lies in databases.
"""

import argparse
import asyncio
import base64
import json
import random
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage, staged
from tests.engine.test_life import upper
from tests.engine.test_restore import ITEMS, JOINED, LIST, back_up

FOLDER = Path(__file__).with_name("releases")
DELIVERED = 5
ASKED: tuple[list[dict[str, Any]], list[str]] = (
    [
        upper("up", text="draft"),
        {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Is it good?"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "approved"}},
    ],
    ["up.processed_text -> ask.data", "ask.approved_data -> out.value"],
)


def dump(value: Any) -> Any:
    """As JSON: times and bytes are objects with one key."""
    match value:
        case datetime():
            return {"$time": value.isoformat()}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case Mapping():
            return {name: dump(one) for name, one in value.items()}
        case list():
            return [dump(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"{type(value)} is not known here")


def load(value: Any) -> Any:
    match value:
        case {"$time": str(text)}:
            return datetime.fromisoformat(text)
        case {"$bytes": str(text)}:
            return base64.b64decode(text)
        case dict():
            return {name: load(one) for name, one in value.items()}
        case list():
            return [load(one) for one in value]
        case _:
            return value


async def capture(patch: pytest.MonkeyPatch, day: str) -> dict[str, Any]:
    async with staged(patch, Stage) as stage:
        stage.seed = int(day.replace("-", ""))  # it is in the ids, so that no test has others of theirs in its caches
        stage.random = random.Random(1)
        waiting = await stage.start(await stage.graph(*ASKED))
        await stage.run()
        assert (await stage.execution(waiting)).status is Status.REVIEW
        version = await stage.graph(*LIST)
        started = [await stage.start(version, ITEMS) for _ in range(2)]
        for _ in range(DELIVERED):
            await stage.deliver(stage.random.choice(stage.tasks))
        return {
            "now": dump(stage.now),
            "in_flight": [execution.id for execution in started],
            "output": JOINED,
            "in_review": waiting.id,
            "approved": {"approved": ["DRAFT"]},
            "objects": dump(stage.objects),
            "documents": dump(await back_up()),
        }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.engine.released", description="Keep this release's documents."
    )
    parser.add_argument("day", type=date.fromisoformat, help="of the release: 2026-11-26")
    day = parser.parse_args(arguments).day.isoformat()
    with pytest.MonkeyPatch.context() as patch:
        kept = asyncio.run(capture(patch, day))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{day}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
