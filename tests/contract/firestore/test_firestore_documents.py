"""Documents by name: what is written is read, under its conditions and masks."""

import grpc.aio
import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.field_path import FieldPath


async def test_a_document_is_read_as_it_was_written(client):
    written = {
        "null": None,
        "yes": True,
        "int": -(2**63),
        "double": 1.5,
        "text": "é\x00",
        "bytes": b"\x00\xff",
        "point": firestore.GeoPoint(1.5, -2),
        "list": [1, "a", {"b": None}],
        "map": {"odd key.`": {"deep": []}},
        "to": client.document("a/b"),
    }
    reference = client.document("c/d/e/f")
    await reference.set(written)
    assert (await reference.get()).to_dict() == written


async def test_a_missing_document_is_not_found(api):
    with pytest.raises(exceptions.NotFound):
        await api.get("c/none")


async def test_create_time_stays_and_update_time_moves(client):
    reference = client.document("c/a")
    await reference.set({"n": 1})
    first = await reference.get()
    await reference.set({"n": 2})
    second = await reference.get()
    assert first.create_time == first.update_time == second.create_time
    assert second.update_time > first.update_time


async def test_a_write_that_changes_nothing_keeps_the_update_time(api):
    first = await api.commit(api.update("c/a", n=1))
    again = await api.commit(api.update("c/a", n=1))
    assert again.write_results[0].update_time == first.write_results[0].update_time
    assert again.commit_time > first.commit_time


async def test_an_integer_written_over_an_equal_double_is_a_change(api):
    first = await api.commit(api.update("c/a", n=1.0))
    again = await api.commit(api.update("c/a", n=1))
    assert again.write_results[0].update_time > first.write_results[0].update_time


async def test_all_writes_of_a_commit_share_its_time(api):
    response = await api.commit(api.update("c/a", n=1), api.update("c/b", n=1))
    assert {r.update_time for r in response.write_results} == {response.commit_time}
    assert response.commit_time.nanosecond % 1000 == 0


async def test_commit_times_never_repeat(api):
    times = [(await api.commit(api.update("c/a", n=n))).commit_time for n in range(20)]
    assert times == sorted(set(times))


async def test_a_commit_is_all_or_nothing(api):
    forbidden = api.update("c/b", n=1)
    forbidden.current_document = types.Precondition(exists=True)
    with pytest.raises(exceptions.NotFound):
        await api.commit(api.update("c/a", n=1), forbidden)
    with pytest.raises(exceptions.NotFound):
        await api.get("c/a")


@pytest.mark.parametrize(
    ("path", "precondition", "error"),
    [
        ("c/there", {"exists": False}, exceptions.AlreadyExists),
        ("c/none", {"exists": True}, exceptions.NotFound),
        ("c/there", {"update_time": {"seconds": 1}}, exceptions.FailedPrecondition),
        ("c/none", {"update_time": {"seconds": 1}}, exceptions.FailedPrecondition),
        ("c/there", {"update_time": {"seconds": 2**32}}, exceptions.InvalidArgument),
        ("c/none", {"update_time": {"seconds": 2**32}}, exceptions.FailedPrecondition),
        ("c/there", {"update_time": {"seconds": 1, "nanos": 1}}, exceptions.InvalidArgument),
    ],
)
@pytest.mark.parametrize("kind", ["update", "delete"])
async def test_a_precondition_that_does_not_hold_refuses_the_write(api, kind, path, precondition, error):
    await api.commit(api.update("c/there", n=1))
    write = api.update(path, n=2) if kind == "update" else api.delete(path)
    write.current_document = types.Precondition(**precondition)
    with pytest.raises(error) as refused:
        await api.commit(write)
    assert type(refused.value) is error


async def test_a_precondition_on_the_update_time_holds_once(api):
    time = (await api.commit(api.update("c/a", n=1))).write_results[0].update_time
    for is_first in (True, False):
        write = api.update("c/a", n=2)
        write.current_document = types.Precondition(update_time=time)
        if is_first:
            await api.commit(write)
        else:
            with pytest.raises(exceptions.FailedPrecondition):
                await api.commit(write)


async def test_a_mask_writes_and_deletes_only_what_it_names(client):
    reference = client.document("c/a")
    await reference.set({"a": {"b": 1, "c": 2, "odd.key": 3}, "keep": 1, "gone": 1})
    odd = FieldPath("a", "odd.key").to_api_repr()
    await reference.update({"a.b": 5, odd: firestore.DELETE_FIELD, "gone": firestore.DELETE_FIELD, "new.x": 1})
    expected = {"a": {"b": 5, "c": 2}, "keep": 1, "new": {"x": 1}}
    assert (await reference.get()).to_dict() == expected


async def test_a_mask_into_a_scalar_makes_it_a_map(api):
    await api.commit(api.update("c/a", a=1))
    write = api.update("c/a", mask=["a.b"])
    write.update.fields["a"] = types.Value(map_value={"fields": {"b": types.Value(integer_value=2)}})
    await api.commit(write)
    assert (await api.get("c/a")).fields["a"].map_value.fields["b"].integer_value == 2


async def test_an_empty_mask_creates_an_empty_document(api):
    await api.commit(api.update("c/a", mask=[], n=1))
    assert not (await api.get("c/a")).fields


async def test_merge_keeps_what_it_does_not_name(client):
    await client.document("c/a").set({"a": 1, "m": {"x": 1}})
    await client.document("c/a").set({"m": {"y": 2}}, merge=True)
    assert (await client.document("c/a").get()).to_dict() == {"a": 1, "m": {"x": 1, "y": 2}}


async def test_deleting_what_is_not_there_succeeds(api):
    response = await api.commit(api.delete("c/none"))
    assert "update_time" not in response.write_results[0]


async def test_batch_get_answers_each_document_once_with_the_missing(api):
    await api.commit(api.update("c/a", x=1, y=2))
    names = [api.name("c/none"), api.name("c/a"), api.name("c/a")]
    responses = await api.all(
        "batch_get_documents", database=api.database, documents=names, mask={"field_paths": ["y"]}
    )
    assert sorted(r.missing for r in responses) == ["", api.name("c/none")]
    (found,) = [r.found for r in responses if r.found.name]
    assert set(found.fields) == {"y"}
    assert len({r.read_time for r in responses}) == 1
    assert responses[0].read_time >= found.update_time


async def test_create_document_makes_an_id_or_refuses_a_taken_one(api):
    made = await api.call("create_document", parent=api.documents, collection_id="c", document={})
    assert len(made.name.rpartition("/")[2]) == 20
    request = {"parent": api.documents, "collection_id": "c", "document_id": "x", "document": {}}
    await api.call("create_document", **request)
    with pytest.raises(exceptions.AlreadyExists):
        await api.call("create_document", **request)


async def test_update_document_answers_with_the_masked_result(api):
    document = api.update("c/a", a=1, b=2).update
    response = await api.call("update_document", document=document, mask={"field_paths": ["b"]})
    assert set(response.fields) == {"b"}
    with pytest.raises(exceptions.NotFound):
        await api.call("update_document", document=api.update("c/b", a=1).update, current_document={"exists": True})


async def test_batch_write_gives_each_write_a_status(api):
    forbidden = api.update("c/b", n=1)
    forbidden.current_document = types.Precondition(exists=True)
    writes = [api.update("c/a", n=1), forbidden, api.update("c/d", n=1)]
    response = await api.call("batch_write", database=api.database, writes=writes)
    assert [status.code for status in response.status] == [0, 5, 0]
    assert len(response.write_results) == 3
    assert (await api.get("c/d")).fields["n"].integer_value == 1


async def test_batch_write_refuses_a_document_twice(api):
    writes = [api.update("c/a", n=1), api.update("c/a", n=2)]
    with pytest.raises(exceptions.InvalidArgument):
        await api.call("batch_write", database=api.database, writes=writes)


async def test_projects_and_databases_are_apart(api, client):
    other = api.database.replace("(default)", "other")
    write = types.Write(update=types.Document(name=f"{other}/documents/c/a"))
    await api.call("commit", database=other, writes=[write])
    with pytest.raises(exceptions.NotFound):
        await api.get("c/a")
    assert (await api.call("get_document", name=f"{other}/documents/c/a")).name


async def test_a_call_that_is_not_there_is_unimplemented(api):
    call = api.client.transport.grpc_channel.unary_unary("/google.firestore.v1.Firestore/Nothing")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("earlier", "later", "is_refused"),
    [
        ("update", ("update", {"exists": True}), False),
        ("update", ("update", {"exists": False}), True),
        ("delete", ("update", {"exists": False}), False),
        ("delete", ("update", {"exists": True}), True),
        ("delete", ("delete", {"update_time": {"seconds": 1}}), True),
        ("update", ("delete", {"update_time": {"seconds": 1}}), True),
    ],
)
async def test_a_later_write_may_not_contradict_an_earlier_one(api, earlier, later, is_refused):
    """Whatever is stored: a document is written once in a commit, by all its writes together."""
    made = {"update": lambda: api.update("c/a", n=2), "delete": lambda: api.delete("c/a")}
    await api.commit(api.update("c/a", n=1))
    kind, precondition = later
    second = made[kind]()
    second.current_document = types.Precondition(**precondition)
    if is_refused:
        with pytest.raises(exceptions.InvalidArgument):
            await api.commit(made[earlier](), second)
    else:
        await api.commit(made[earlier](), second)
        assert (await api.get("c/a")).fields["n"].integer_value == 2


async def test_times_are_stored_in_microseconds(api):
    time = types.Value(timestamp_value={"seconds": 1, "nanos": 1999})
    await api.commit(api.update("c/a", time=time, times=[time], deep={"time": time}))
    fields = types.Document.pb(await api.get("c/a")).fields
    found = (fields["time"], fields["times"].array_value.values[0], fields["deep"].map_value.fields["time"])
    assert [value.timestamp_value.nanos for value in found] == [1000] * 3
