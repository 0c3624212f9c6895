"""Who listens learns the state of its targets and then every change, never half a commit."""

import asyncio

import grpc
import pytest
from google.api_core import exceptions

from tests.differential.listener import Change, Listener, Refused

CITIES = {"from_": [{"collection_id": "cities"}]}


def where(field, op, value):
    return {"field_filter": {"field": {"field_path": field}, "op": op, "value": {"integer_value": value}}}


def ids(documents):
    return [name.rpartition("/")[2] for name in documents]


@pytest.fixture
async def listener(api):
    async with Listener(api.client, api.database) as listening:
        yield listening


async def test_a_query_begins_with_its_results_and_follows_them(api, listener):
    await api.commit(api.update("cities/a", n=1), api.update("cities/b", n=2), api.update("towns/c", n=3))
    listener.add_query(2, CITIES)
    snapshot = await listener.until(lambda s: 2 in s)
    assert ids(snapshot[2]) == ["a", "b"]
    await api.commit(api.update("cities/d", n=4), api.delete("cities/a"), api.update("cities/b", n=20))
    snapshot = await listener.until(lambda s: len(s[2]) == 2 and "a" not in ids(s[2]))
    assert {name[-1]: document.fields["n"].integer_value for name, document in snapshot[2].items()} == {
        "b": 20,
        "d": 4,
    }


async def test_to_listen_needs_no_task(api, monkeypatch):
    """From Python 3.12 on ``wait_for`` asks for the task it runs in, and a call has none before it has waited."""

    async def wait_for(awaited, seconds):
        async with asyncio.timeout(seconds):
            return await awaited

    monkeypatch.setattr(asyncio, "wait_for", wait_for)
    async with Listener(api.client, api.database) as listening:
        listening.add_query(2, CITIES)
        assert (await listening.until(lambda s: 2 in s))[2] == {}


async def test_a_document_that_does_not_exist_yet_is_listened_to(api, listener):
    listener.add_documents(1, "cities/a", "cities/b")
    assert (await listener.until(lambda s: 1 in s))[1] == {}
    await api.commit(api.update("cities/b", n=1))
    assert ids((await listener.until(lambda s: s[1]))[1]) == ["b"]
    await api.commit(api.delete("cities/b"))
    assert (await listener.until(lambda s: not s[1]))[1] == {}


async def test_a_document_leaves_a_query_whose_filter_it_no_longer_passes(api, listener):
    await api.commit(api.update("cities/a", n=1), api.update("cities/b", n=2))
    listener.add_query(2, {**CITIES, "where": where("n", "GREATER_THAN", 1)})
    listener.add_query(4, CITIES)
    await listener.until(lambda s: s.keys() == {2, 4})
    await api.commit(api.update("cities/b", n=0), api.update("cities/a", n=5))
    snapshot = await listener.until(lambda s: ids(s[2]) == ["a"])
    assert ids(snapshot[4]) == ["a", "b"]
    assert snapshot[4][api.name("cities/b")].fields["n"].integer_value == 0


async def test_what_falls_out_of_a_limit_leaves_and_what_moves_up_comes(api, listener):
    await api.commit(*[api.update(f"cities/{n}", n=n) for n in range(5)])
    query = {**CITIES, "order_by": [{"field": {"field_path": "n"}, "direction": "DESCENDING"}], "limit": 2}
    listener.add_query(2, query)
    assert ids((await listener.until(lambda s: 2 in s))[2]) == ["4", "3"]
    await api.commit(api.update("cities/0", n=9))
    assert sorted(ids((await listener.until(lambda s: api.name("cities/0") in s[2]))[2])) == ["0", "4"]
    await api.commit(api.delete("cities/4"), api.delete("cities/0"))
    assert sorted(ids((await listener.until(lambda s: api.name("cities/2") in s[2]))[2])) == ["2", "3"]


async def test_a_collection_group_is_listened_to_wherever_it_is(api, listener):
    listener.add_query(2, CITIES, parent="lands/x/parts/p")
    listener.add_query(4, {"from_": [{"collection_id": "cities", "all_descendants": True}]})
    await listener.until(lambda s: s.keys() == {2, 4})
    await api.commit(api.update("lands/y/cities/a", n=1), api.update("lands/x/parts/p/cities/b", n=2))
    snapshot = await listener.until(lambda s: len(s[4]) == 2)
    assert ids(snapshot[2]) == ["b"]


async def test_a_projection_sends_only_its_fields(api, listener):
    await api.commit(api.update("cities/a", n=1, m=2))
    listener.add_query(2, {**CITIES, "select": {"fields": [{"field_path": "m"}]}})
    snapshot = await listener.until(lambda s: 2 in s)
    assert list(snapshot[2][api.name("cities/a")].fields) == ["m"]


async def test_a_removed_target_is_silent(api, listener):
    listener.add_query(2, CITIES)
    listener.add_query(4, CITIES)
    await listener.until(lambda s: s.keys() == {2, 4})
    listener.remove(2)
    await listener.until(lambda s: 2 not in s)
    await api.commit(api.update("cities/a", n=1))
    snapshot = await listener.until(lambda s: len(s[4]) == 1)
    assert 2 not in snapshot


async def test_a_query_that_is_refused_takes_only_its_target_away(api, listener):
    listener.add_query(2, CITIES)
    await listener.until(lambda s: 2 in s)
    listener.add_query(4, {**CITIES, "where": where("n", "OPERATOR_UNSPECIFIED", 1)})
    with pytest.raises(Refused) as refused:
        await listener.until(lambda s: 4 in s)
    assert refused.value.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    await api.commit(api.update("cities/a", n=1))
    await listener.until(lambda s: len(s[2]) == 1)


async def test_snapshots_hold_whole_commits_while_writers_hurry(api, listener):
    """Two documents that are always written together are never seen apart."""
    listener.add_query(2, CITIES)
    listener.add_documents(4, "cities/a", "cities/b")
    await listener.until(lambda s: s.keys() == {2, 4})

    async def write():
        for n in range(60):
            await api.commit(api.update("cities/a", n=n), api.update("cities/b", n=n))

    writing = asyncio.create_task(write())
    seen = []
    while not seen or seen[-1] != 59:
        await listener.next()
        for documents in listener.snapshot.values():
            numbers = {document.fields["n"].integer_value for document in documents.values()}
            assert len(numbers) <= 1, "half a commit"
            seen += [n for n in numbers if not seen or n > seen[-1]]
    await writing
    assert listener.read_times == sorted(listener.read_times)


async def test_a_resumed_target_catches_up(api, listener):
    await api.commit(api.update("cities/a", n=1), api.update("cities/b", n=2), api.update("cities/c", n=3))
    listener.add_query(2, CITIES)
    snapshot = await listener.until(lambda s: 2 in s)
    await api.commit(api.update("cities/b", n=20), api.delete("cities/c"), api.update("cities/d", n=4))
    async with Listener(api.client, api.database) as second:
        second.known(2, snapshot[2])
        second.add_query(2, CITIES, resume_token=listener.token)
        resumed = await second.until(lambda s: 2 in s)
    assert sorted(ids(resumed[2])) == ["a", "b", "d"]
    assert resumed[2][api.name("cities/b")].fields["n"].integer_value == 20


class TestLocal:
    """What Google's emulator does otherwise: it sends a query whole after every commit, and knows no ``once``."""

    @pytest.fixture
    async def address(self, serve):
        async with serve() as served:
            yield served

    async def test_a_commit_sends_only_what_it_changed(self, api, listener):
        await api.commit(*[api.update(f"cities/{n}", n=n) for n in range(50)])
        listener.add_query(2, CITIES)
        await listener.until(lambda s: 2 in s)
        listener.responses.clear()
        await api.commit(api.update("cities/7", n=70))
        await listener.until(lambda s: s[2][api.name("cities/7")].fields["n"].integer_value == 70)
        changed, mark = listener.responses
        assert changed.document_change.document.name == api.name("cities/7")
        assert mark.target_change.target_change_type == Change.NO_CHANGE
        assert mark.target_change.resume_token

    async def test_a_write_that_changes_nothing_is_not_heard(self, api, listener):
        await api.commit(api.update("cities/a", n=1))
        listener.add_query(2, CITIES)
        await listener.until(lambda s: 2 in s)
        listener.responses.clear()
        await api.commit(api.update("cities/a", n=1), api.delete("cities/zz"))
        await api.commit(api.update("cities/b", n=1))
        await listener.until(lambda s: len(s[2]) == 2)
        assert len(listener.responses) == 2

    async def test_a_document_of_several_targets_is_sent_once(self, api, listener):
        listener.add_query(2, CITIES)
        listener.add_documents(4, "cities/a")
        await listener.until(lambda s: s.keys() == {2, 4})
        listener.responses.clear()
        await api.commit(api.update("cities/a", n=1))
        await listener.until(lambda s: all(s.values()))
        assert sorted(listener.responses[0].document_change.target_ids) == [2, 4]

    async def test_a_resumed_target_gets_only_what_changed(self, api, listener):
        await api.commit(*[api.update(f"cities/{n}", n=n) for n in range(20)])
        query = {**CITIES, "limit": 15}
        listener.add_query(2, CITIES)
        listener.add_query(4, query)
        await listener.until(lambda s: s.keys() == {2, 4})
        await api.commit(api.delete("cities/0"), api.update("towns/x", n=1))
        async with Listener(api.client, api.database) as second:
            second.add_query(2, CITIES, resume_token=listener.token)
            second.add_query(4, query, resume_token=listener.token)
            await second.until(lambda s: s.keys() == {2, 4})
            sent = [r for r in second.responses if not r.target_change]
        assert [list(r.document_delete.removed_target_ids) for r in sent if r.document_delete] == [[2], [4]]
        assert [ids([r.document_change.document.name]) for r in sent if r.document_change] == [["5"]]

    async def test_a_client_that_counts_otherwise_begins_anew(self, api, listener):
        await api.commit(api.update("cities/a", n=1), api.update("cities/b", n=2))
        listener.add_query(2, CITIES)
        await listener.until(lambda s: 2 in s)
        async with Listener(api.client, api.database) as second:
            second.add_query(2, CITIES, resume_token=listener.token, expected_count=3)
            snapshot = await second.until(lambda s: 2 in s)
        assert len(snapshot[2]) == 2
        assert [r.target_change.target_change_type for r in second.responses[:2]] == [Change.ADD, Change.RESET]

    async def test_a_token_of_a_time_that_is_forgotten_begins_anew(self, api, listener):
        await api.commit(api.update("cities/a", n=1))
        listener.add_query(2, CITIES, resume_token=b"\x7f" * 8)
        snapshot = await listener.until(lambda s: 2 in s)
        assert ids(snapshot[2]) == ["a"]
        assert listener.responses[1].target_change.target_change_type == Change.RESET

    async def test_once_ends_the_target_when_it_is_current(self, api, listener):
        await api.commit(api.update("cities/a", n=1))
        listener.add_query(2, CITIES, once=True)
        listener.add_query(4, CITIES)
        await listener.until(lambda s: 4 in s)
        kinds = [r.target_change.target_change_type for r in listener.responses if 2 in r.target_change.target_ids]
        assert kinds == [Change.ADD, Change.CURRENT, Change.REMOVE]

    async def test_a_target_without_an_id_is_given_one(self, api, listener):
        listener.add_query(0, CITIES)
        listener.add_query(0, CITIES)
        assert (await listener.until(lambda s: len(s) == 2)).keys() == {1, 2}

    async def test_an_id_in_use_ends_the_stream(self, api, listener):
        listener.add_query(2, CITIES)
        listener.add_query(2, CITIES)
        with pytest.raises(exceptions.InvalidArgument, match="in use"):
            await listener.until(lambda s: 4 in s)

    async def test_an_id_after_those_of_the_server_is_refused(self, api, listener):
        listener.add_query(0, CITIES)
        listener.add_query(7, CITIES)
        with pytest.raises(Refused):
            await listener.until(lambda s: 7 in s)

    async def test_the_call_may_end_and_be_made_again(self, api, listener):
        listener.add_query(2, CITIES)
        await listener.until(lambda s: 2 in s)
        async with Listener(api.client, api.database) as second:
            second.add_query(2, CITIES)
            await second.until(lambda s: 2 in s)
        await api.commit(api.update("cities/a", n=1))
        await listener.until(lambda s: s[2])
