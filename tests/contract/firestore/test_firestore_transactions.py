"""Transactions are serializable; who loses is ABORTED, and an id that is over is refused."""

import asyncio
import os
import random
import time
from functools import partial

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_query import FieldFilter

ATTEMPTS = 100


async def in_transaction(client, body):
    """Run ``body(transaction)`` until it commits, as a client must: after a pause that grows and differs.

    The Python client repeats, without a pause, a body whose commit is ABORTED, but not one whose read is, as happens
    when a read waits too long for a lock. Without pauses the transactions of Google's emulator, which leaves
    deadlocks to its lock timeout, would meet in the next deadlock again and again.
    """
    pause = 0.05
    for _ in range(ATTEMPTS):
        try:
            return await firestore.async_transactional(body)(client.transaction(max_attempts=1))
        except (exceptions.Aborted, ValueError) as error:
            if not isinstance(error, exceptions.Aborted) and not isinstance(error.__cause__, exceptions.Aborted):
                raise
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, 3)
    raise AssertionError("ABORTED again and again")


async def test_clients_that_increment_lose_no_increment(client):
    counter = client.document("c/counter")
    await counter.set({"n": 0})

    async def increment(transaction):
        seen = await counter.get(transaction=transaction)
        transaction.update(counter, {"n": seen.get("n") + 1})

    await asyncio.gather(*(in_transaction(client, increment) for _ in range(5)))
    assert (await counter.get()).get("n") == 5


async def test_transfers_conserve_the_sum(client, request):
    if "google" in request.node.name and "TRANSFERS" not in os.environ:
        pytest.skip("Google's emulator leaves deadlocks to its lock timeout: make long")
    accounts = [client.document(f"accounts/{n}") for n in range(4)]
    for account in accounts:
        await account.set({"balance": 100})

    async def transfer(source, target, amount, transaction):
        balances = [(await one.get(transaction=transaction)).get("balance") for one in (source, target)]
        transaction.update(source, {"balance": balances[0] - amount})
        transaction.update(target, {"balance": balances[1] + amount})

    moves = [(accounts[n % 4], accounts[(n + 1 + n // 4) % 4], n) for n in range(8) if (1 + n // 4) % 4]
    await asyncio.gather(*(in_transaction(client, partial(transfer, *move)) for move in moves))
    balances = [(await account.get()).get("balance") for account in accounts]
    assert sum(balances) == 400


async def conflicting(api, first, second):
    """Commit two transactions that have both read; how many were ABORTED."""
    results = await asyncio.gather(first, second, return_exceptions=True)
    lost = [result for result in results if isinstance(result, exceptions.Aborted)]
    assert len(lost) + sum(isinstance(result, types.CommitResponse) for result in results) == 2
    return len(lost)


async def test_write_skew_is_prevented(api):
    await api.commit(api.update("doctors/a", on_call=True), api.update("doctors/b", on_call=True))
    first, second = await api.begin(), await api.begin()
    for transaction in (first, second):
        for path in ("doctors/a", "doctors/b"):
            await api.get(path, transaction=transaction)
    lost = await conflicting(
        api,
        api.commit(api.update("doctors/a", on_call=False), transaction=first),
        api.commit(api.update("doctors/b", on_call=False), transaction=second),
    )
    assert lost >= 1  # under locks both may lose


def query_of(collection, **parts):
    return types.StructuredQuery(from_=[{"collection_id": collection}], **parts)


def where(path, operator, value):
    return {"field_filter": {"field": {"field_path": path}, "op": operator, "value": value}}


async def test_a_phantom_is_prevented(api):
    query = query_of("seats", where=where("taken_by", "EQUAL", api.value("nobody")))
    first, second = await api.begin(), await api.begin()
    for transaction in (first, second):
        await api.all("run_query", parent=api.documents, structured_query=query, transaction=transaction)
    lost = await conflicting(
        api,
        api.commit(api.update("seats/a", taken_by="nobody"), transaction=first),
        api.commit(api.update("seats/b", taken_by="nobody"), transaction=second),
    )
    assert lost >= 1  # under locks both may lose


async def test_a_missing_document_that_was_read_conflicts_when_it_is_created(api):
    first, second = await api.begin(), await api.begin()
    for transaction in (first, second):
        with pytest.raises(exceptions.NotFound):
            await api.get("c/a", transaction=transaction)
    lost = await conflicting(
        api,
        api.commit(api.update("c/a", n=1), transaction=first),
        api.commit(api.update("c/a", n=2), transaction=second),
    )
    assert lost >= 1  # under locks both may lose


async def test_transactions_that_touch_different_documents_both_commit(api):
    first, second = await api.begin(), await api.begin()
    for transaction, path in ((first, "c/a"), (second, "c/b")):
        with pytest.raises(exceptions.NotFound):
            await api.get(path, transaction=transaction)
    await api.commit(api.update("c/a", n=1), transaction=first)
    await api.commit(api.update("c/b", n=1), transaction=second)


async def test_a_read_only_transaction_sees_one_moment(api, client):
    await api.commit(*(api.update(f"c/{n}", n=n, kept=True) for n in range(4)))
    transaction = await api.begin(read_only={})
    assert (await api.get("c/1", transaction=transaction)).fields["n"].integer_value == 1
    await api.commit(api.update("c/1", n=10), api.delete("c/2"), api.update("c/9", n=9, kept=True))
    assert (await api.get("c/1", transaction=transaction)).fields["n"].integer_value == 1
    with pytest.raises(exceptions.NotFound):
        await api.get("c/9", transaction=transaction)
    query = query_of("c", where=where("kept", "EQUAL", api.value(True)), limit=4)
    found = await api.all("run_query", parent=api.documents, structured_query=query, transaction=transaction)
    assert [r.document.fields["n"].integer_value for r in found] == [0, 1, 2, 3]


async def test_a_past_time_can_be_read(api):
    before = (await api.commit(api.update("c/a", n=1))).commit_time
    await api.commit(api.update("c/a", n=2))
    assert (await api.get("c/a", read_time=before)).fields["n"].integer_value == 1
    transaction = await api.begin(read_only={"read_time": before})
    assert (await api.get("c/a", transaction=transaction)).fields["n"].integer_value == 1


async def test_a_time_to_come_or_long_past_cannot_be_read(api):
    with pytest.raises(exceptions.InvalidArgument):
        await api.get("c/a", read_time={"seconds": int(time.time()) + 1000})
    with pytest.raises(exceptions.FailedPrecondition):
        await api.get("c/a", read_time={"seconds": 5})


async def test_a_read_only_transaction_may_not_write(api):
    transaction = await api.begin(read_only={})
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(api.update("c/a", n=1), transaction=transaction)


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_transaction_that_has_ended_is_refused(api, end):
    transaction = await api.begin()
    if end == "commit":
        await api.commit(transaction=transaction)
    else:
        await api.call("rollback", database=api.database, transaction=transaction)
    with pytest.raises(exceptions.InvalidArgument):
        await api.get("c/a", transaction=transaction)
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=transaction)
    await api.call("rollback", database=api.database, transaction=transaction)


async def test_an_unknown_transaction_is_refused(api):
    with pytest.raises(exceptions.InvalidArgument):
        await api.get("c/a", transaction=b"unknown")
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transaction=b"unknown")
    with pytest.raises(exceptions.InvalidArgument):
        await api.call("rollback", database=api.database, transaction=b"unknown")


async def test_the_first_read_may_begin_the_transaction(api):
    await api.commit(api.update("c/a", n=1))
    begun, found = await api.all(
        "batch_get_documents", database=api.database, documents=[api.name("c/a")], new_transaction={"read_write": {}}
    )
    assert begun.transaction
    assert not begun.found.name
    assert found.found.name == api.name("c/a")
    await api.commit(api.update("c/a", n=2), transaction=begun.transaction)


async def test_a_query_may_begin_the_transaction(api):
    first = await api.all(
        "run_query", parent=api.documents, structured_query=query_of("none"), new_transaction={"read_write": {}}
    )
    assert first[0].transaction
    await api.commit(api.update("none/a", n=2), transaction=first[0].transaction)


async def test_a_transactional_query_of_the_client_claims_each_job_once(client):
    jobs = client.collection("jobs")
    for number in range(4):
        await jobs.document(str(number)).set({"state": "queued", "rank": number})

    async def claim(transaction):
        query = jobs.where(filter=FieldFilter("state", "==", "queued")).order_by("rank").limit(1)
        (found,) = await query.get(transaction=transaction)
        transaction.update(found.reference, {"state": "running"})
        return found.id

    claimed = await asyncio.gather(*(in_transaction(client, claim) for _ in range(4)))
    assert sorted(claimed) == ["0", "1", "2", "3"]
