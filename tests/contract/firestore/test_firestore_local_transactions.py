"""What only the local server shows: optimistic transactions, when any expires, and what a limit leaves unobserved."""

from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types

from local.database import Database
from local.firestore.service import FirestoreService


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def address(serve, clock):
    async with serve(clock=clock) as served:
        yield served


async def test_an_idle_transaction_expires(api, clock):
    transaction = await api.begin()
    clock.now += timedelta(seconds=59)
    with pytest.raises(exceptions.NotFound):
        await api.get("c/a", transaction=transaction)
    clock.now += timedelta(seconds=61)
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=transaction)


async def test_a_busy_transaction_expires_after_270_seconds(api, clock):
    transaction = await api.begin(read_only={})
    await api.commit(api.update("c/a", n=1))
    for _ in range(9):
        clock.now += timedelta(seconds=29)
        with pytest.raises(exceptions.NotFound):
            await api.get("c/a", transaction=transaction)
    clock.now += timedelta(seconds=29)
    with pytest.raises(exceptions.InvalidArgument):
        await api.get("c/a", transaction=transaction)


async def test_a_clock_that_goes_back_gives_later_times_all_the_same(api, clock):
    first = await api.commit(api.update("c/a", n=1))
    clock.now -= timedelta(hours=1)
    second = await api.commit(api.update("c/a", n=2))
    assert second.commit_time > first.commit_time


OPTIMISTIC = {"read_write": {"concurrency_mode": types.TransactionOptions.ConcurrencyMode.OPTIMISTIC}}


async def test_of_optimistic_transactions_the_first_to_commit_wins(api):
    await api.commit(api.update("c/a", n=1))
    slow, quick = await api.begin(**OPTIMISTIC), await api.begin(**OPTIMISTIC)
    for transaction in (slow, quick):
        await api.get("c/a", transaction=transaction)
    await api.commit(api.update("c/a", n=2), transaction=quick)
    with pytest.raises(exceptions.Aborted):
        await api.commit(api.update("c/a", n=3), transaction=slow)
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=slow)


async def test_an_optimistic_transaction_reads_one_moment(api):
    await api.commit(api.update("c/a", n=1), api.update("c/b", n=1))
    transaction = await api.begin(**OPTIMISTIC)
    await api.get("c/a", transaction=transaction)
    await api.commit(api.update("c/a", n=2), api.update("c/b", n=2))
    assert (await api.get("c/b", transaction=transaction)).fields["n"].integer_value == 1
    with pytest.raises(exceptions.Aborted):
        await api.commit(transaction=transaction)


async def first_two(api, transaction):
    query = types.StructuredQuery(from_=[{"collection_id": "c"}], order_by=[{"field": {"field_path": "n"}}], limit=2)
    return await api.all("run_query", parent=api.documents, structured_query=query, transaction=transaction)


@pytest.mark.parametrize("options", [{}, OPTIMISTIC], ids=["pessimistic", "optimistic"])
async def test_what_comes_after_the_limit_of_a_query_does_not_conflict(api, options):
    await api.commit(*(api.update(f"c/{n}", n=n) for n in range(4)))
    transaction = await api.begin(**options)
    assert len(await first_two(api, transaction)) == 2
    await api.commit(api.update("c/9", n=9), api.delete("c/3"))
    await api.commit(api.update("c/0", n=0, seen=True), transaction=transaction)


async def test_what_comes_before_the_last_result_conflicts(api):
    await api.commit(*(api.update(f"c/{n}", n=n) for n in range(4)))
    transaction = await api.begin(**OPTIMISTIC)
    await first_two(api, transaction)
    await api.commit(api.update("c/9", n=-1))
    with pytest.raises(exceptions.Aborted):
        await api.commit(transaction=transaction)


async def test_the_locks_of_a_transaction_that_expires_are_let_go(api, clock):
    transaction = await api.begin()
    with pytest.raises(exceptions.NotFound):
        await api.get("c/a", transaction=transaction)
    clock.now += timedelta(seconds=61)
    await api.commit(api.update("c/a", n=1))
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=transaction)


async def test_a_transaction_of_another_database_is_refused(api):
    other = api.database.replace("(default)", "other")
    begun = await api.call("begin_transaction", database=other)
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=begun.transaction)


async def test_a_write_may_verify_a_document_without_changing_it(api):
    """``Write.verify``, which the messages of the Python client lack and those of others send."""
    await api.commit(api.update("c/a", n=1))
    name = api.name("c/a").encode()
    verify = types.Write.deserialize(b"\x2a" + bytes((len(name),)) + name)
    for exists in (True, False):
        verify.current_document = types.Precondition(exists=exists)
        if exists:
            await api.commit(verify)
        else:
            with pytest.raises(exceptions.AlreadyExists):
                await api.commit(verify)


async def test_a_port_that_is_taken_is_an_os_error(address):
    port = int(address.rpartition(":")[2])
    database = Database(None)
    with pytest.raises(OSError, match=str(port)):
        await FirestoreService(database).start(port)
    database.close()
