"""Composed objects, versions that a bucket keeps, and what its lifecycle does to them."""

import pytest
from google.api_core import exceptions

BUCKET = "weftly-files"
DAY = 86400.0


async def put(cloud, name: str, data: bytes = b"x") -> int:
    def upload(bucket):
        blob = bucket.blob(name)
        blob.upload_from_string(data)
        return blob.generation

    return await cloud.do(upload)


async def keep_versions(cloud) -> None:
    def enable(bucket):
        bucket.versioning_enabled = True
        bucket.patch()

    await cloud.do(enable)


async def rules(cloud, *rules: dict) -> None:
    body = {"lifecycle": {"rule": list(rules)}}
    answer = await cloud.http.patch(f"/storage/v1/b/{BUCKET}", json=body)
    assert answer.status_code == 200


async def names(cloud, **query) -> list[str]:
    return await cloud.do(lambda bucket: [blob.name for blob in bucket.list_blobs(**query)])


async def test_objects_are_composed_in_order(cloud):
    for name in ("one", "two", "three"):
        await put(cloud, name, name.encode())

    def compose(bucket):
        blob = bucket.blob("all")
        blob.content_type = "text/plain"
        blob.compose([bucket.blob("one"), bucket.blob("two"), bucket.blob("three")])
        return blob.component_count, blob.md5_hash, blob.crc32c, blob.download_as_bytes()

    count, md5, crc32c, data = await cloud.do(compose)
    assert (count, md5, data) == (3, None, b"onetwothree")
    plain = await put(cloud, "plain", b"onetwothree")
    assert plain
    assert crc32c == (await cloud.do(lambda bucket: bucket.get_blob("plain"))).crc32c


async def test_a_source_of_another_generation_is_not_composed(cloud):
    generation = await put(cloud, "one")

    def compose(bucket):
        bucket.blob("all").compose([bucket.blob("one")], if_source_generation_match=[generation + 1])

    with pytest.raises(exceptions.PreconditionFailed):
        await cloud.do(compose)
    assert await names(cloud) == ["one"]


async def test_a_versioned_bucket_keeps_what_is_replaced_and_deleted(cloud):
    await keep_versions(cloud)
    first = await put(cloud, "a", b"first")
    second = await put(cloud, "a", b"second")
    await cloud.do(lambda bucket: bucket.blob("a").delete())
    assert await names(cloud) == []
    versions = await cloud.do(
        lambda bucket: [(v.generation, v.time_deleted) for v in bucket.list_blobs(versions=True)]
    )
    assert [generation for generation, _ in versions] == [first, second]
    assert all(deleted for _, deleted in versions)
    assert await cloud.do(lambda bucket: bucket.blob("a", generation=first).download_as_bytes()) == b"first"
    await cloud.do(lambda bucket: bucket.blob("a", generation=first).delete())
    with pytest.raises(exceptions.NotFound):
        await cloud.do(lambda bucket: bucket.blob("a", generation=first).download_as_bytes())
    assert await names(cloud, versions=True) == ["a"]


async def test_versions_survive_a_restart(cloud):
    await keep_versions(cloud)
    first = await put(cloud, "a", b"first")
    await put(cloud, "a", b"second")
    await cloud.stop()
    await cloud.start()
    assert await cloud.do(lambda bucket: bucket.blob("a", generation=first).download_as_bytes()) == b"first"


async def test_a_bucket_without_versions_drops_what_is_replaced(cloud):
    first = await put(cloud, "a", b"first")
    await put(cloud, "a", b"second")
    assert await names(cloud, versions=True) == ["a"]
    with pytest.raises(exceptions.NotFound):
        await cloud.do(lambda bucket: bucket.blob("a", generation=first).download_as_bytes())


async def test_a_lifecycle_deletes_by_age_and_prefix(cloud):
    condition = {"age": 2, "matchesPrefix": ["tmp/"]}
    await rules(cloud, {"action": {"type": "Delete"}, "condition": condition})
    await put(cloud, "tmp/a")
    await put(cloud, "keep/a")
    cloud.offset = 1.9 * DAY
    assert cloud.sweep() == 0
    cloud.offset = 2.1 * DAY
    assert cloud.sweep() == 1
    assert await names(cloud) == ["keep/a"]


async def test_a_lifecycle_moves_to_another_class_once(cloud):
    action = {"type": "SetStorageClass", "storageClass": "NEARLINE"}
    await rules(cloud, {"action": action, "condition": {"age": 1}})
    await put(cloud, "a")
    cloud.offset = 1.1 * DAY
    assert (cloud.sweep(), cloud.sweep()) == (1, 0)
    assert (await cloud.do(lambda bucket: bucket.get_blob("a"))).storage_class == "NEARLINE"


async def test_a_lifecycle_keeps_so_many_versions(cloud):
    await keep_versions(cloud)
    await rules(cloud, {"action": {"type": "Delete"}, "condition": {"numNewerVersions": 2, "isLive": False}})
    made = [await put(cloud, "a") for _ in range(4)]
    assert cloud.sweep() == 2
    kept = await cloud.do(lambda bucket: [blob.generation for blob in bucket.list_blobs(versions=True)])
    assert kept == made[2:]


async def test_a_lifecycle_gives_up_old_uploads(cloud):
    await rules(cloud, {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}})
    answer = await cloud.http.post(
        f"/upload/storage/v1/b/{BUCKET}/o", params={"uploadType": "resumable"}, json={"name": "never"}
    )
    cloud.offset = 8 * DAY
    assert cloud.sweep() == 1
    assert (await cloud.http.put(answer.headers["location"], content=b"x")).status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"action": {"type": "Burn"}, "condition": {"age": 1}},
        {"action": {"type": "Delete"}, "condition": {"moon": "full"}},
        {"action": {"type": "Delete"}, "condition": {}},
    ],
)
async def test_a_rule_that_nothing_here_follows_is_refused(cloud, rule):
    answer = await cloud.http.patch(f"/storage/v1/b/{BUCKET}", json={"lifecycle": {"rule": [rule]}})
    assert answer.status_code == 400
