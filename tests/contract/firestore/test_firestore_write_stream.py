"""A stream of writes answers each request with a commit, in order."""

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types


@pytest.fixture
def write(api):
    """The responses to some requests, the first of which is made for the caller."""

    async def call(*requests, **first):
        async def sent():
            yield types.WriteRequest(database=api.database, **first)
            for request in requests:
                yield types.WriteRequest(**request)

        metadata = (("authorization", "Bearer owner"), ("google-cloud-resource-prefix", api.database))
        return [response async for response in await api.client.write(requests=sent(), metadata=metadata)]

    return call


async def test_each_request_is_a_commit(api, write):
    opened, first, second, last = await write(
        {"writes": [api.update("c/a", n=1), api.update("c/b", n=1)]}, {"writes": [api.delete("c/a")]}, {}
    )
    assert opened.stream_token
    assert len(first.write_results) == 2
    assert first.commit_time < second.commit_time
    assert not last.write_results
    assert (await api.get("c/b")).update_time == first.commit_time
    assert len({opened.stream_token, first.stream_token, second.stream_token, last.stream_token}) == 4


async def test_a_refused_commit_ends_the_stream_and_writes_nothing(api, write):
    exists = types.Write(delete=api.name("c/none"), current_document={"exists": True})
    # The client itself fails where it sends the second request just after the end of the stream.
    with pytest.raises((exceptions.NotFound, exceptions.InternalServerError)):
        await write({"writes": [api.update("c/a", n=1), exists]}, {"writes": [api.update("c/b", n=1)]})
    documents = await api.all(
        "batch_get_documents", database=api.database, documents=[api.name("c/a"), api.name("c/b")]
    )
    assert all(found.missing for found in documents)


@pytest.mark.parametrize("first", [{"stream_id": "7"}, {"writes": [{"delete": "x"}]}])
async def test_a_stream_begins_with_its_database_alone(write, first):
    with pytest.raises(exceptions.InvalidArgument):
        await write(**first)
