"""What a transaction has read is locked: who comes to write it waits, gives up after a time, or breaks a deadlock."""

import asyncio
import os
import random
from functools import partial

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import types

from local.firestore.errors import FirestoreError
from local.firestore.locks import Locks, Owner, Writes

TRANSFERS = int(os.environ.get("TRANSFERS", "200"))
"""``make long`` makes a thousand."""


async def turns(number=50):
    """Let what is under way get as far as it can."""
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_write_waits_until_the_transaction_that_read_has_ended(api, end):
    await api.commit(api.update("c/a", n=1))
    transaction = await api.begin()
    await api.get("c/a", transaction=transaction)
    waiting = asyncio.ensure_future(api.commit(api.update("c/a", n=3)))
    assert (await api.get("c/a")).fields["n"].integer_value == 1
    if end == "commit":
        await api.commit(api.update("c/a", n=2), transaction=transaction)
    else:
        await api.call("rollback", database=api.database, transaction=transaction)
    await waiting
    assert (await api.get("c/a")).fields["n"].integer_value == 3


async def update_document(api):
    await api.call("update_document", document=api.update("c/a", n=2).update)


async def delete_document(api):
    await api.call("delete_document", name=api.name("c/a"))


async def commit(api):
    await api.commit(api.update("c/b", n=2), api.update("c/a", n=2))


@pytest.mark.parametrize("write", [update_document, delete_document, commit])
async def test_a_write_that_waits_too_long_for_a_lock_is_aborted_and_nothing_written(api, write):
    await api.commit(api.update("c/a", n=1))
    transaction = await api.begin()
    await api.get("c/a", transaction=transaction)
    with pytest.raises(exceptions.Aborted, match="Transaction lock timeout"):
        await write(api)
    assert (await api.get("c/a")).fields["n"].integer_value == 1
    with pytest.raises(exceptions.NotFound):
        await api.get("c/b")
    await api.commit(api.update("c/a", n=2), transaction=transaction)


async def test_a_read_only_transaction_is_in_nobodys_way(api):
    await api.commit(api.update("c/a", n=1))
    transaction = await api.begin(read_only={})
    await api.get("c/a", transaction=transaction)
    await api.commit(api.update("c/a", n=2))
    assert (await api.get("c/a", transaction=transaction)).fields["n"].integer_value == 1


async def test_a_document_that_comes_to_match_a_query_waits_and_others_do_not(api):
    """A phantom is kept out without a lock on the whole collection."""
    where = {"field_filter": {"field": {"field_path": "n"}, "op": "EQUAL", "value": api.value(1)}}
    query = types.StructuredQuery(from_=[{"collection_id": "c"}], where=where)
    transaction = await api.begin()
    run = partial(api.all, "run_query", parent=api.documents, structured_query=query)
    await run(transaction=transaction)
    await api.commit(api.update("other/a", n=1))
    phantom = asyncio.ensure_future(api.commit(api.update("c/b", n=1)))
    await asyncio.sleep(0.05)
    assert not any(response.document.name for response in await run(transaction=transaction))
    await api.commit(transaction=transaction)
    await phantom
    assert [response.document.name for response in await run()] == [api.name("c/b")]


# Deadlocks, which Google's emulator leaves to its timeout, and the bank at full size.


@pytest.fixture
async def local(serve, api_of):
    async with serve() as address, api_of(address) as api:
        yield api


async def test_of_two_in_a_deadlock_the_one_that_began_first_commits_at_once(local):
    await local.commit(local.update("c/a", n=0))
    first, second = await local.begin(), await local.begin()
    for transaction in (second, first):
        await local.get("c/a", transaction=transaction)
    results = await asyncio.gather(
        local.commit(local.update("c/a", n=2), transaction=second),
        local.commit(local.update("c/a", n=1), transaction=first),
        return_exceptions=True,
    )
    assert isinstance(results[0], exceptions.Aborted)
    assert isinstance(results[1], types.CommitResponse)
    assert (await local.get("c/a")).fields["n"].integer_value == 1


async def test_who_runs_again_comes_before_who_began_since(local):
    lost = await local.begin()
    await local.call("rollback", database=local.database, transaction=lost)
    younger = await local.begin()
    again = await local.begin(read_write={"retry_transaction": lost})
    for transaction in (younger, again):
        with pytest.raises(exceptions.NotFound):
            await local.get("c/a", transaction=transaction)
    results = await asyncio.gather(
        local.commit(local.update("c/a", n=2), transaction=younger),
        local.commit(local.update("c/a", n=1), transaction=again),
        return_exceptions=True,
    )
    assert isinstance(results[0], exceptions.Aborted)
    assert isinstance(results[1], types.CommitResponse)


async def test_sixteen_clients_move_money_many_times_and_none_is_lost(serve, project, connect):
    async with serve() as address:
        clients = [connect(address, project) for _ in range(16)]
        accounts = [f"accounts/{number}" for number in range(10)]
        for account in accounts:
            await clients[0].document(account).set({"balance": 1000, "moves": 0})
        moves = iter(range(TRANSFERS))
        rng = random.Random("transfers")

        async def transfer(client, source, target, amount, transaction):
            found = [await client.document(name).get(transaction=transaction) for name in (source, target)]
            for one, sign in zip(found, (-1, 1), strict=True):
                after = {"balance": one.get("balance") + sign * amount, "moves": one.get("moves") + 1}
                transaction.set(one.reference, after)

        async def move(client):
            for _ in moves:
                body = partial(transfer, client, *rng.sample(accounts, 2), rng.randint(1, 50))
                while True:
                    try:
                        await firestore.async_transactional(body)(client.transaction(max_attempts=100))
                        break
                    except exceptions.Aborted:
                        continue

        await asyncio.gather(*map(move, clients))
        found = [(await clients[0].document(name).get()).to_dict() for name in accounts]
        assert sum(one["balance"] for one in found) == 10 * 1000
        assert sum(one["moves"] for one in found) == 2 * TRANSFERS


# The rules, without a server.


def writes_of(*paths):
    return Writes({("d", (path,)) for path in paths}, list)


async def test_a_ring_of_three_is_broken_by_the_youngest():
    locks, owners = Locks(), [Owner(age) for age in (1, 2, 3)]
    for owner, path in zip(owners, "abc", strict=True):
        await locks.read(owner, [("d", (path,))])
    pairs = zip(owners, "bca", strict=True)
    waiting = [asyncio.ensure_future(locks.write(owner, partial(writes_of, path))) for owner, path in pairs]
    await turns()
    with pytest.raises(FirestoreError, match="deadlock"):
        await waiting[2]
    locks.release(owners[2])
    await waiting[1]
    locks.release(owners[1])
    await waiting[0]


async def test_who_reads_what_is_about_to_be_written_lets_the_writer_go_first():
    locks, holder, writer, reader = Locks(), Owner(1), Owner(2), Owner(3)
    await locks.read(holder, [("d", ("a",))])
    writing = asyncio.ensure_future(locks.write(writer, partial(writes_of, "a")))
    await turns()
    reading = asyncio.ensure_future(locks.read(reader, [("d", ("a",))]))
    await turns()
    assert not reading.done()
    locks.release(holder)
    await writing
    assert not reading.done()
    locks.release(writer)
    await reading


async def test_who_is_waited_for_reads_on():
    locks, holder, writer, reader = Locks(), Owner(1), Owner(2), Owner(3)
    await locks.read(holder, [("d", ("a",))])
    await locks.read(reader, [("d", ("b",))])
    writing = asyncio.ensure_future(locks.write(writer, partial(writes_of, "a", "b")))
    await turns()
    await locks.read(reader, [("d", ("a",))])
    for owner in (holder, reader):
        locks.release(owner)
    await writing


async def test_a_call_that_is_cancelled_waits_no_more():
    locks, holder, writer = Locks(), Owner(1), Owner(2)
    await locks.read(holder, [("d", ("a",))])
    writing = asyncio.ensure_future(locks.write(writer, partial(writes_of, "a")))
    await turns()
    writing.cancel()
    await turns()
    await locks.read(Owner(3), [("d", ("a",))])
