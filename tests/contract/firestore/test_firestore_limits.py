"""What is too large, too deep or wrongly named is refused, and what just fits is kept."""

from functools import reduce

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types


def nested(levels):
    return reduce(lambda inner, _: {"a": inner}, range(levels), 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"": 1},
        {"__reserved__": 1},
        {"x" * 1501: 1},
        {"x": types.Value()},
        {"x": types.Value(array_value={"values": [types.Value(array_value={})]})},
        {"x": nested(21)},
        {"x": "x" * 1_048_577},
    ],
    ids=lambda fields: str(fields)[:30],
)
async def test_a_document_that_may_not_be_is_refused(api, fields):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(api.update("c/a", **fields))


@pytest.mark.parametrize(
    "fields",
    [{"x" * 1500: 1}, {"x": nested(20)}, {"x": [nested(18)]}, {"x": "x" * 1_048_000}, {"__x": 1, "x__": 1, "é ": 1}],
    ids=lambda fields: str(fields)[:30],
)
async def test_a_document_that_just_fits_is_kept(api, fields):
    await api.commit(api.update("c/a", **fields))
    assert set((await api.get("c/a")).fields) == set(fields)


@pytest.mark.parametrize(
    "path", ["c", "c//a", "c/.", "c/..", "c/__a__", "__c__/a", "c/" + "x" * 1501, "/".join("a" * 202)]
)
async def test_a_name_that_may_not_be_is_refused(api, path):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(api.update(path, n=1))


@pytest.mark.parametrize("name", ["foo", "projects/p", "projects/p/databases/(default)/other/c/a", ""])
async def test_what_is_no_name_is_refused(api, name):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(types.Write(delete=name))


@pytest.mark.parametrize("database", ["", "projects/x", "projects/x/databases/"])
async def test_what_is_no_database_is_refused(api, database):
    with pytest.raises(exceptions.InvalidArgument):
        await api.call("commit", database=database)


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a-b", "`a", "1a", ""])
async def test_what_is_no_field_path_is_refused(api, path):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(api.update("c/a", mask=[path], n=1))


async def test_an_empty_write_is_refused(api):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(types.Write())


async def test_long_text_is_kept_whole_and_found_by_its_beginning(api):
    await api.commit(api.update("c/a", x="x" * 5000), api.update("c/b", x="y"))
    query = types.StructuredQuery(from_=[{"collection_id": "c"}], order_by=[{"field": {"field_path": "x"}}])
    found = await api.all("run_query", parent=api.documents, structured_query=query)
    assert [len(r.document.fields["x"].string_value) for r in found] == [5000, 1]


class TestLocal:
    """Limits of production that Google's emulator does not hold to, or has lower:
    https://firebase.google.com/docs/firestore/quotas#writes_and_transactions"""

    @pytest.fixture
    async def address(self, serve):
        async with serve() as served:
            yield served

    async def test_a_write_has_at_most_500_transforms(self, api):
        write = api.update("c/a", mask=[])
        write.update_transforms = [{"field_path": f"n{n}", "increment": api.value(1)} for n in range(501)]
        with pytest.raises(exceptions.InvalidArgument):
            await api.commit(write)
        write.update_transforms = write.update_transforms[:500]
        await api.commit(write)

    async def test_the_reserved_name_is_no_field(self, api):
        with pytest.raises(exceptions.InvalidArgument):
            await api.commit(api.update("c/a", mask=["__name__"], n=1))

    async def test_a_document_of_another_database_is_refused(self, api):
        write = types.Write(delete=api.name("c/a").replace("(default)", "other"))
        with pytest.raises(exceptions.InvalidArgument):
            await api.commit(write)

    async def test_a_request_over_ten_mebibytes_is_refused(self, api):
        writes = [api.update(f"c/{n}", x="x" * 1_000_000) for n in range(11)]
        with pytest.raises(exceptions.InvalidArgument):
            await api.commit(*writes)
