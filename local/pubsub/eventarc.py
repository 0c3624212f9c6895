"""How does an event of Cloud Storage reach a function? As a CloudEvent in binary form, over a push subscription.

In production Eventarc stands between the two (https://cloud.google.com/eventarc/docs/cloudevents); the fields follow
https://googleapis.github.io/google-cloudevents/examples/binary/storage/StorageObjectData-simple.html
"""

from typing import Any
from urllib.parse import quote

FORM, STORAGE = "x-local-eventarc", "storage"
TYPES = {
    "OBJECT_FINALIZE": "google.cloud.storage.object.v1.finalized",
    "OBJECT_DELETE": "google.cloud.storage.object.v1.deleted",
    "OBJECT_ARCHIVE": "google.cloud.storage.object.v1.archived",
    "OBJECT_METADATA_UPDATE": "google.cloud.storage.object.v1.metadataUpdated",
}


def headers(message: Any) -> dict[str, str]:
    """The context of the event that a notification of Cloud Storage is; its data is the event's."""
    said = message.attributes
    return {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": message.message_id,
        "ce-type": TYPES[said["eventType"]],
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{said['bucketId']}",
        "ce-subject": f"objects/{quote(said['objectId'])}",
        "ce-time": said["eventTime"],
        "ce-bucket": said["bucketId"],
    }
