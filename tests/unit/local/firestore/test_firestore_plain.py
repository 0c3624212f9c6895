"""The shortcut for the commonest commit does what the long way does: same answers, same refusals, same documents."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from local.database import Database
from local.firestore import messages, plain
from local.firestore.engine import Engine
from local.firestore.errors import FirestoreError

DATABASE = "projects/p/databases/d"


class Side:
    """An engine whose clock stands, and what it tells who listens."""

    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.engine = Engine(Database(None), clock=lambda: self.now)
        self.told = []
        self.engine.history.watchers.append(self.told.extend)

    async def commit(self, request):
        copy = messages.CommitRequest.FromString(request.SerializeToString())
        self.now += timedelta(milliseconds=1)
        try:
            return await self.engine.commit(copy)
        except FirestoreError as error:
            return error.code, error.message

    def find(self, path):
        return self.engine.store.find(DATABASE, path)


def request_of(name, **fields):
    request = messages.CommitRequest(database=DATABASE)
    update = request.writes.add().update
    update.name = name if name.startswith("projects") else f"{DATABASE}/documents/{name}"
    for field, value in fields.items():
        update.fields[field].MergeFrom(value)
    return request


def value(**kind):
    return messages.Value(**kind)


def timed(request):
    request.writes[0].update.create_time.seconds = 5
    request.writes[0].update.update_time.seconds = 6
    return request


REQUESTS = [
    request_of("c/a", n=value(integer_value=1)),
    request_of("c/a", n=value(integer_value=1)),
    request_of("c/a"),
    request_of("c/a/d/b", m=value(map_value=messages.MapValue(fields={"x": value(string_value="y")}))),
    request_of("c/a", t=value(timestamp_value=messages.Timestamp(seconds=1, nanos=1_234_567))),
    timed(request_of("c/b", n=value(double_value=0.5))),
    request_of("c/a", __reserved__=value(integer_value=1)),
    request_of("c/a", n=value()),
    request_of("c/a", n=value(array_value=messages.ArrayValue(values=[value(array_value=messages.ArrayValue())]))),
    request_of("c/a", s=value(string_value="x" * 1_100_000)),
    request_of("c"),
    request_of("c//"),
    request_of("c/" + "x" * 1501),
    request_of("projects/p/databases/other/documents/c/a"),
    request_of("projects"),
]


@pytest.fixture
def both(monkeypatch):
    short, long = Side(), Side()

    async def commit(request):
        answer = await short.commit(request)
        with monkeypatch.context() as patched:
            patched.setattr(plain, "fits", lambda _: False)
            assert await long.commit(request) == answer
        assert short.told == long.told
        return answer

    yield commit, short
    assert short.told


async def test_both_ways_give_the_same(both):
    commit, side = both
    answers = [await commit(request) for request in REQUESTS]
    assert sum(isinstance(answer, tuple) for answer in answers) == 9
    assert answers[0].write_results == answers[1].write_results != answers[2].write_results
    assert side.find(("c", "b")).created > 5_000_000


async def test_both_ways_give_the_same_in_any_order(both):
    commit, _ = both
    chance = random.Random(7)
    for _ in range(40):
        await commit(chance.choice(REQUESTS))


def with_change(change):
    request = request_of("c/a", n=value(integer_value=1))
    change(request)
    return request


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request.writes.add().update.MergeFrom(messages.Document(name=f"{DATABASE}/documents/c/b")),
        lambda request: request.writes.pop(),
        lambda request: setattr(request, "transaction", b"1"),
        lambda request: setattr(request.writes[0], "delete", f"{DATABASE}/documents/c/a"),
        lambda request: request.writes[0].update_mask.field_paths.append("n"),
        lambda request: request.writes[0].update_mask.SetInParent(),
        lambda request: setattr(request.writes[0].current_document, "exists", False),
        lambda request: request.writes[0].update_transforms.add(field_path="x"),
    ],
)
def test_whatever_else_there_is_goes_the_long_way(change):
    assert plain.fits(request_of("c/a"))
    assert not plain.fits(with_change(change))


async def test_while_somebody_holds_a_lock_it_goes_the_long_way(monkeypatch):
    side, went = Side(), []
    monkeypatch.setattr(plain, "commit", lambda *_: went.append(1) or messages.CommitResponse())
    begin = messages.BeginTransactionRequest(database=DATABASE)
    begun = await side.engine.begin_transaction(begin)
    names = [f"{DATABASE}/documents/c/other"]
    read = messages.BatchGetDocumentsRequest(database=DATABASE, documents=names, transaction=begun.transaction)
    await side.engine.batch_get_documents(read)
    await side.commit(REQUESTS[0])
    assert not went
    await side.engine.rollback(messages.RollbackRequest(database=DATABASE, transaction=begun.transaction))
    await side.commit(REQUESTS[0])
    assert went
