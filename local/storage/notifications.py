"""Who is told that an object came, changed or went? Pub/Sub topics, by the bucket's notification configurations.

https://cloud.google.com/storage/docs/pubsub-notifications. An event is written down in the commit that causes it and
published after it, at the latest at the next start: at least once, as in production.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.storage import errors
from local.storage.store import Event, Record, StorageStore

FINALIZE, DELETE = "OBJECT_FINALIZE", "OBJECT_DELETE"
ARCHIVE, METADATA_UPDATE = "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"
EVENT_TYPES = (FINALIZE, METADATA_UPDATE, DELETE, ARCHIVE)
_TOPIC_PREFIX = "//pubsub.googleapis.com/"
Publish = Callable[[str, bytes, Mapping[str, str]], None]


class Notifications:
    """The configurations of all buckets. ``publish`` (topic, data, attributes) drops what has no topic any more."""

    def __init__(self, store: StorageStore, publish: Publish | None) -> None:
        self._store = store
        self._publish = publish

    def create(self, bucket: str, fields: Mapping[str, Any]) -> Record:
        """StorageError: the topic or a setting is not valid."""
        topic, types = str(fields.get("topic", "")), list(fields.get("event_types") or ())
        if not topic.startswith(f"{_TOPIC_PREFIX}projects/"):
            raise errors.invalid(f"Invalid topic: {topic!r}; expected {_TOPIC_PREFIX}projects/P/topics/T.")
        if fields.get("payload_format") not in ("JSON_API_V1", "NONE"):
            raise errors.invalid("payload_format must be JSON_API_V1 or NONE.")
        if not set(types) <= set(EVENT_TYPES):
            raise errors.invalid(f"event_types must be of {', '.join(EVENT_TYPES)}.")
        kept = ("topic", "payload_format", "event_types", "object_name_prefix", "custom_attributes")
        record: Record = {"kind": "storage#notification", **{key: fields[key] for key in kept if fields.get(key)}}
        return self._store.add_notification(bucket, record)

    def list_of(self, bucket: str) -> list[Record]:
        """The configurations of a bucket."""
        return self._store.notifications(bucket)

    def get(self, bucket: str, id_: str) -> Record:
        """StorageError (404): there is none."""
        for record in self.list_of(bucket):
            if record["id"] == id_:
                return record
        raise errors.StorageError(404, "notFound", f"The specified notification does not exist: {id_}")

    def delete(self, bucket: str, id_: str) -> None:
        """StorageError (404): there is none."""
        self.get(bucket, id_)
        self._store.delete_notification(bucket, id_)

    def of(self, event_type: str, record: Record, at: str, **more: str) -> list[Event]:
        """The events that a change of an object causes, one for each configuration that asks for it."""
        events: list[Event] = []
        for asked in self._store.notifications(record["bucket"]):
            types, prefix = asked.get("event_types"), asked.get("object_name_prefix", "")
            if (types and event_type not in types) or not record["name"].startswith(prefix):
                continue
            attributes = {
                **asked.get("custom_attributes", {}),
                "notificationConfig": f"projects/_/buckets/{record['bucket']}/notificationConfigs/{asked['id']}",
                "eventType": event_type,
                "payloadFormat": asked["payload_format"],
                "bucketId": record["bucket"],
                "objectId": record["name"],
                "objectGeneration": record["generation"],
                "eventTime": at,
                **more,
            }
            data = json.dumps(record) if asked["payload_format"] == "JSON_API_V1" else ""
            events.append(Event(topic=asked["topic"].removeprefix(_TOPIC_PREFIX), data=data, attributes=attributes))
        return events

    def flush(self) -> None:
        """Publish what has been written down."""
        for number, event in self._store.events():
            if self._publish is not None:
                self._publish(event.topic, event.data.encode(), event.attributes)
            self._store.delete_event(number)
