"""A specification of faults says what it says, and the same seed gives the same trouble."""

import asyncio
import random
from collections import Counter

import grpc
import pytest

from local.faults import PROFILES, Disturbance, Disturbances, SpecError, parse
from local.faults.disturbance import NONE
from local.faults.spec import Kind


def kinds(disturbance: Disturbance, method: str, calls: int) -> list[Kind | None]:
    return [disturbance.next(method).kind for _ in range(calls)]


def test_the_most_exact_part_decides():
    spec = parse("seed=7; *: delay=0.5@300ms, drop=1; tasks: drop=0.25; tasks.CreateTask: abort=0.1@INTERNAL")
    assert spec.seed == 7
    delay, drop, abort = spec.of("tasks", "CreateTask")
    assert (delay.kind, delay.probability, delay.longest) == (Kind.DELAY, 0.5, 0.3)
    assert (drop.kind, drop.probability) == (Kind.DROP, 0.25)
    assert (abort.kind, abort.status) == (Kind.ABORT, grpc.StatusCode.INTERNAL)
    assert [(fault.kind, fault.probability) for fault in spec.of("auth", "POST")] == [
        (Kind.DELAY, 0.5),
        (Kind.DROP, 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("seed=x", "seed=N"),
        ("nothing", "WHAT"),
        ("cloud: drop=1", "'cloud'"),
        ("firestore: vanish=1", "'vanish'"),
        ("firestore: drop=2", "probability"),
        ("firestore: drop", "probability"),
        ("firestore: delay=1@soon", "'soon'"),
        ("firestore: drop=1@1s", "after @"),
        ("firestore: abort=1@NO_SUCH", "after @"),
    ],
)
def test_what_cannot_be_read_is_named(text, named):
    with pytest.raises(SpecError, match=named):
        parse(text)


def test_the_same_seed_gives_the_same_trouble_and_another_gives_another():
    def run(seed: int) -> list[Kind | None]:
        disturbances = Disturbances(parse(f"seed={seed}; *: drop=0.2, abort=0.2, lose=0.2, duplicate=0.2"))
        return kinds(disturbances.of("firestore"), "Commit", 200)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_what_meets_a_call_does_not_hang_on_other_methods():
    alone = Disturbances(parse("*: drop=0.5")).of("tasks")
    among = Disturbances(parse("*: drop=0.5")).of("tasks")
    expected = kinds(alone, "CreateTask", 50)
    found = []
    for _ in range(50):
        kinds(among, "GetTask", 3)
        found += kinds(among, "CreateTask", 1)
    assert found == expected


def test_faults_are_about_as_frequent_as_asked_for():
    disturbances = Disturbances(parse("tasks: drop=0.1, lose=0.2"))
    counted = Counter(kinds(disturbances.of("tasks"), "CreateTask", 5000))
    assert 400 < counted[Kind.DROP] < 600
    assert 760 < counted[Kind.LOSE] < 1040
    assert disturbances.met["tasks.CreateTask drop"] == counted[Kind.DROP]


def test_where_nothing_is_asked_for_nothing_happens():
    calm = Disturbances(parse("")).of("firestore")
    assert calm.is_calm
    assert calm.next("Commit") is NONE


def test_a_delay_is_never_longer_than_it_says():
    disturbance = Disturbances(parse("*: delay=1@300ms")).of("auth")
    waits = [disturbance.next("POST").seconds for _ in range(500)]
    assert 0.0 <= min(waits) < 0.02
    assert 0.28 < max(waits) <= 0.3


def test_a_profile_keeps_its_median_and_its_tail():
    latency = PROFILES["gcp"]["firestore"]
    dice = random.Random(1)
    waits = sorted(latency.draw("Commit", dice) for _ in range(4000))
    assert waits[2000] == pytest.approx(0.040, rel=0.1)
    assert waits[3960] == pytest.approx(0.180, rel=0.2)


async def test_a_call_that_is_held_back_goes_on_when_it_is_overtaken():
    disturbance = Disturbances(parse("tasks.Dispatch: reorder=1")).of("tasks")
    held = asyncio.create_task(disturbance.before("Dispatch", disturbance.next("Dispatch")))
    await asyncio.sleep(0)
    assert not held.done()
    disturbance.after("Dispatch")
    await held
