"""Topics are told of what happens to objects, also of what a kill kept from being told."""

import json

import pytest
from google.api_core import exceptions

BUCKET = "weftly-files"
TOPIC = "projects/weftly-local/topics/files"


async def tell(cloud, **settings) -> str:
    def create(bucket):
        notification = bucket.notification(
            "files", topic_project="weftly-local", payload_format="JSON_API_V1", **settings
        )
        notification.create()
        return notification.notification_id

    return await cloud.do(create)


async def put(cloud, name: str, data: bytes = b"x") -> None:
    await cloud.do(lambda bucket: bucket.blob(name).upload_from_string(data))


def told(cloud) -> list[tuple[str, str]]:
    return [(said["eventType"], said["objectId"]) for _, _, said in cloud.published]


async def test_an_upload_is_told_with_the_object(cloud):
    config = await tell(cloud, custom_attributes={"mine": "1"})
    await put(cloud, "a/b.txt", b"hello")
    ((topic, data, said),) = cloud.published
    assert topic == TOPIC
    assert (said["eventType"], said["bucketId"], said["objectId"]) == ("OBJECT_FINALIZE", BUCKET, "a/b.txt")
    assert said["notificationConfig"] == f"projects/_/buckets/{BUCKET}/notificationConfigs/{config}"
    assert said["mine"] == "1"
    assert json.loads(data)["size"] == "5"
    assert json.loads(data)["generation"] == said["objectGeneration"]


async def test_a_replacement_tells_of_both_generations(cloud):
    await put(cloud, "a")
    await tell(cloud)
    await put(cloud, "a")
    new, old = (said for _, _, said in cloud.published)
    assert (new["eventType"], old["eventType"]) == ("OBJECT_FINALIZE", "OBJECT_DELETE")
    assert new["overwroteGeneration"] == old["objectGeneration"]
    assert old["overwrittenByGeneration"] == new["objectGeneration"]


async def test_a_configuration_chooses_by_kind_and_prefix(cloud):
    await tell(cloud, event_types=["OBJECT_DELETE", "OBJECT_METADATA_UPDATE"], blob_name_prefix="in/")
    await put(cloud, "in/a")
    await put(cloud, "out/a")

    def change(bucket):
        blob = bucket.get_blob("in/a")
        blob.metadata = {"k": "v"}
        blob.patch()
        bucket.delete_blobs(["in/a", "out/a"])

    await cloud.do(change)
    assert told(cloud) == [("OBJECT_METADATA_UPDATE", "in/a"), ("OBJECT_DELETE", "in/a")]


async def test_a_configuration_is_listed_and_deleted(cloud):
    config = await tell(cloud)
    listed = await cloud.do(lambda bucket: [(n.notification_id, n.topic_name) for n in bucket.list_notifications()])
    assert listed == [(config, "files")]
    await cloud.do(lambda bucket: bucket.get_notification(config).delete())
    await put(cloud, "a")
    assert told(cloud) == []
    with pytest.raises(exceptions.NotFound):
        await cloud.do(lambda bucket: bucket.get_notification(config))


async def test_what_was_written_down_and_not_told_is_told_at_the_next_start(cloud):
    await tell(cloud)
    row = (TOPIC, "{}", json.dumps({"eventType": "OBJECT_FINALIZE", "objectId": "left"}))
    cloud.database.connection.execute("INSERT INTO storage_events (topic, data, attributes) VALUES (?, ?, ?)", row)
    await cloud.stop()
    await cloud.start()
    assert told(cloud) == [("OBJECT_FINALIZE", "left")]
    await cloud.stop()
    await cloud.start()
    assert told(cloud) == []
