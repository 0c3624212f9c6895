"""google-cloud-storage stores, reads, lists and changes objects as in Cloud Storage."""

import io
import os

import pytest
from google.api_core import exceptions
from google.cloud import storage

BUCKET = "weftly-files"
BIG = os.urandom(700_000)


def put(bucket: storage.Bucket, name: str, data: bytes | str = b"x", **settings) -> storage.Blob:
    blob = bucket.blob(name)
    blob.upload_from_string(data, **settings)
    return blob


async def test_the_client_finds_the_server_by_its_variable(cloud, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)

    def use(_bucket) -> bytes:
        client = storage.Client(project="p")
        put(client.bucket(BUCKET), "a.txt", b"hello")
        data = client.bucket(BUCKET).blob("a.txt").download_as_bytes()
        client.close()
        return data

    assert await cloud.do(use) == b"hello"


async def test_an_object_comes_back_with_its_type_and_metadata(cloud):
    def use(bucket) -> storage.Blob:
        blob = bucket.blob("dir/a b+c/ä?.txt")
        blob.metadata = {"owner": "ann"}
        blob.cache_control = "no-store"
        blob.upload_from_string("grüße", content_type="text/plain")
        found = bucket.get_blob("dir/a b+c/ä?.txt")
        assert found.download_as_text() == "grüße"
        return found

    found = await cloud.do(use)
    assert found.content_type == "text/plain"
    assert found.metadata == {"owner": "ann"}
    assert found.cache_control == "no-store"
    assert found.size == len("grüße".encode())
    assert found.md5_hash
    assert found.crc32c
    assert found.generation
    assert found.time_created.tzinfo is not None


async def test_what_is_not_there_is_told(cloud):
    def use(bucket) -> None:
        assert bucket.get_blob("none") is None
        assert not bucket.blob("none").exists()
        with pytest.raises(exceptions.NotFound):
            bucket.blob("none").download_as_bytes()
        with pytest.raises(exceptions.NotFound):
            bucket.blob("none").delete()
        with pytest.raises(exceptions.NotFound):
            put(bucket.client.bucket("no-such-bucket"), "x")

    await cloud.do(use)


async def test_a_range_is_read_without_the_rest(cloud):
    def use(bucket) -> None:
        blob = put(bucket, "digits", b"0123456789")
        assert blob.download_as_bytes(start=2, end=4) == b"234"
        assert blob.download_as_bytes(start=7) == b"789"

    await cloud.do(use)


async def test_a_large_object_is_sent_and_read_in_pieces(cloud):
    def use(bucket) -> None:
        blob = bucket.blob("big", chunk_size=256 * 1024)
        blob.upload_from_file(io.BytesIO(BIG), size=len(BIG))
        assert bucket.blob("big", chunk_size=256 * 1024).download_as_bytes() == BIG
        with bucket.blob("streamed").open("wb", chunk_size=256 * 1024) as file:
            file.write(BIG)
        with bucket.blob("streamed").open("rb", chunk_size=256 * 1024) as file:
            assert file.read() == BIG

    await cloud.do(use)


async def test_an_empty_object_is_one(cloud):
    assert await cloud.do(lambda bucket: put(bucket, "empty", b"").download_as_bytes()) == b""


async def test_listing_by_prefix_and_delimiter(cloud):
    def use(bucket) -> None:
        for name in ("a/1", "a/2", "a/b/3", "b/4", "top"):
            put(bucket, name)
        names = [blob.name for blob in bucket.list_blobs(prefix="a/")]
        assert names == ["a/1", "a/2", "a/b/3"]
        found = bucket.list_blobs(delimiter="/")
        assert [blob.name for blob in found] == ["top"]
        assert found.prefixes == {"a/", "b/"}
        found = bucket.list_blobs(prefix="a/", delimiter="/")
        assert [blob.name for blob in found] == ["a/1", "a/2"]
        assert found.prefixes == {"a/b/"}

    await cloud.do(use)


async def test_listing_in_pages(cloud):
    def use(bucket) -> None:
        for number in range(5):
            put(bucket, f"n{number}")
            put(bucket, f"dir{number}/x")
        found = bucket.list_blobs(delimiter="/", page_size=2)
        assert [blob.name for blob in found] == [f"n{number}" for number in range(5)]
        assert found.prefixes == {f"dir{number}/" for number in range(5)}

    await cloud.do(use)


async def test_preconditions_on_the_generation_hold(cloud):
    def use(bucket) -> None:
        blob = put(bucket, "x", b"1", if_generation_match=0)
        with pytest.raises(exceptions.PreconditionFailed):
            put(bucket, "x", b"2", if_generation_match=0)
        first = blob.generation
        second = put(bucket, "x", b"3", if_generation_match=first)
        assert second.generation > first
        with pytest.raises(exceptions.PreconditionFailed):
            bucket.blob("x").delete(if_generation_match=first)
        with pytest.raises(exceptions.NotFound):
            bucket.blob("x", generation=first).download_as_bytes()
        assert bucket.blob("x").download_as_bytes() == b"3"

    await cloud.do(use)


async def test_a_patch_changes_metadata_and_its_generation_only(cloud):
    def use(bucket) -> None:
        blob = put(bucket, "x", b"1")
        generation = blob.generation
        blob.metadata = {"a": "1", "b": "2"}
        blob.patch()
        blob.metadata = {"a": None}
        blob.content_type = "text/html"
        blob.patch()
        found = bucket.get_blob("x")
        assert found.metadata == {"b": "2"}
        assert found.content_type == "text/html"
        assert (found.generation, found.metageneration) == (generation, 3)
        assert found.download_as_bytes() == b"1"
        with pytest.raises(exceptions.PreconditionFailed):
            found.patch(if_metageneration_match=1)

    await cloud.do(use)


async def test_copies_and_renames_keep_bytes_and_metadata(cloud):
    def use(bucket) -> None:
        other = bucket.client.create_bucket("other-files")
        blob = put(bucket, "x", b"data", content_type="text/css")
        copy = bucket.copy_blob(blob, other, "dir/y")
        assert copy.download_as_bytes() == b"data"
        assert other.get_blob("dir/y").content_type == "text/css"
        bucket.rename_blob(blob, "z")
        assert [each.name for each in bucket.list_blobs()] == ["z"]
        target = bucket.blob("w")
        assert target.rewrite(copy)[0] is None
        assert target.download_as_bytes() == b"data"

    await cloud.do(use)


async def test_buckets_are_created_listed_and_deleted_when_empty(cloud):
    def use(bucket) -> None:
        client = bucket.client
        made = client.create_bucket("second-bucket")
        with pytest.raises(exceptions.Conflict):
            client.create_bucket("second-bucket")
        assert [each.name for each in client.list_buckets()] == ["second-bucket", BUCKET]
        blob = put(made, "x")
        with pytest.raises(exceptions.Conflict):
            made.delete()
        blob.delete()
        made.delete()
        assert client.lookup_bucket("second-bucket") is None

    await cloud.do(use)


async def test_a_corrupted_upload_is_refused(cloud):
    def use(bucket) -> None:
        blob = bucket.blob("x")
        blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
        with pytest.raises(exceptions.BadRequest):
            blob.upload_from_string(b"1", checksum=None)
        assert not bucket.blob("x").exists()

    await cloud.do(use)


async def test_objects_survive_a_restart_on_another_port(cloud):
    await cloud.do(lambda bucket: put(bucket, "x", b"kept"))
    await cloud.stop()
    await cloud.start()
    assert await cloud.do(lambda bucket: bucket.get_blob("x").download_as_bytes()) == b"kept"
