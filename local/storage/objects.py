"""What may be done with buckets and objects, and what does it leave in the record?

Records are the resources of the JSON API (https://cloud.google.com/storage/docs/json_api/v1/objects#resource), but
without the links, which hold the host and are made for each answer.
"""

import base64
import datetime
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import google_crc32c

from local.storage import errors
from local.storage.notifications import ARCHIVE, DELETE, FINALIZE, METADATA_UPDATE, Notifications
from local.storage.store import Record, StorageStore

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_WRITABLE = (
    "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType", "customTime",
    "eventBasedHold", "metadata", "storageClass", "temporaryHold",
)  # fmt: skip
_BUCKET_WRITABLE = ("cors", "labels", "lifecycle", "location", "storageClass", "versioning", "website")
MAX_PAGE = 1000
MAX_COMPONENTS = 32
Conditions = Mapping[str, str]


class Objects:
    """The rules over one store."""

    def __init__(self, store: StorageStore, clock: Callable[[], float], notifications: Notifications) -> None:
        self.store = store
        self._notifications = notifications
        self._clock = clock
        self._last_generation = 0

    def create_bucket(self, fields: Mapping[str, Any]) -> Record:
        """StorageError: the name is not one, or taken."""
        name = str(fields.get("name") or "")
        if not _BUCKET_NAME.fullmatch(name):
            raise errors.invalid(f"Invalid bucket name: {name!r}")
        if self.store.find_bucket(name) is not None:
            raise errors.StorageError(409, "conflict", f"The bucket {name} exists already; use it or another name.")
        now = self._now()
        record: Record = {"kind": "storage#bucket", "id": name, "name": name, "projectNumber": "0"}
        record |= {"location": "US", "storageClass": "STANDARD", "metageneration": "1"}
        record |= {"timeCreated": now, "updated": now, "etag": "CAE="}
        record |= {key: fields[key] for key in _BUCKET_WRITABLE if key in fields}
        self.store.put_bucket(record)
        return record

    def bucket(self, name: str) -> Record:
        """StorageError (404): there is none."""
        record = self.store.find_bucket(name)
        if record is None:
            raise errors.missing_bucket(name)
        return record

    def patch_bucket(self, name: str, fields: Mapping[str, Any]) -> Record:
        """Change the fields given."""
        record = self.bucket(name)
        record |= {key: fields[key] for key in _BUCKET_WRITABLE if key in fields}
        record["metageneration"] = str(int(record["metageneration"]) + 1)
        record["updated"] = self._now()
        self.store.put_bucket(record)
        return record

    def delete_bucket(self, name: str) -> None:
        """StorageError: there is none, or it is not empty (409)."""
        self.bucket(name)
        if self.store.versions(name, ""):
            raise errors.StorageError(409, "conflict", f"The bucket {name} is not empty; delete its objects first.")
        self.store.delete_bucket(name)

    def get(self, bucket: str, name: str, conditions: Conditions) -> tuple[Record, int]:
        """(record, content). StorageError: there is none, or a condition does not hold."""
        self.bucket(bucket)
        found = self.store.find_object(bucket, name)
        wanted = conditions.get("generation")
        if wanted and (found is None or wanted != found[0]["generation"]):
            found = self.store.find_noncurrent(bucket, name, int(wanted)) if wanted.isdecimal() else None
        if found is None:
            raise errors.missing_object(bucket, name)
        check_conditions(found[0], conditions, is_read=True)
        return found

    def put(self, bucket: str, name: str, fields: Mapping[str, Any], content: int, conditions: Conditions) -> Record:
        """Make ``content`` the object ``name``. StorageError: no such bucket, no name, a checksum in ``fields`` that
        is not the content's, or a condition that does not hold; the content is dropped then."""
        try:
            self.bucket(bucket)
            if not name or len(name.encode()) > 1024 or "\n" in name or "\r" in name:
                raise errors.invalid(f"Invalid object name: {name[:100]!r}")
            record = self._record(bucket, name, fields, content)
            found = self.store.find_object(bucket, name)
            check_conditions(found[0] if found else None, conditions)
        except errors.StorageError:
            self.store.drop_content(content)
            raise
        self._replace(found[0] if found else None, record, content)
        return record

    def _replace(self, old: Record | None, record: Record, content: int) -> None:
        """The commit of a new object, with what is told of it."""
        of, now = self._notifications.of, record["timeCreated"]
        if old is None:
            self.store.put_object(record, content, events=of(FINALIZE, record, now))
        else:
            replaced = self._noncurrent(old, now)
            events = of(FINALIZE, record, now, overwroteGeneration=old["generation"])
            gone = ARCHIVE if replaced else DELETE
            events += of(gone, replaced or old, now, overwrittenByGeneration=record["generation"])
            self.store.put_object(record, content, replaced=replaced, events=events)
        self._notifications.flush()

    def _noncurrent(self, record: Record, now: str) -> Record | None:
        """What becomes of a live object that is replaced or deleted: a version, where the bucket keeps them."""
        versioning = self.bucket(record["bucket"]).get("versioning") or {}
        return {**record, "timeDeleted": now} if versioning.get("enabled") else None

    def _record(self, bucket: str, name: str, fields: Mapping[str, Any], content: int) -> Record:
        now, generation = self._now(), str(self._generation())
        record: Record = {"kind": "storage#object", "id": f"{bucket}/{name}/{generation}"}
        record |= {"bucket": bucket, "name": name, "generation": generation, "metageneration": "1"}
        record |= {"storageClass": "STANDARD", "contentType": "application/octet-stream"}
        record |= {key: fields[key] for key in _WRITABLE if fields.get(key) is not None}
        record |= {"timeCreated": now, "updated": now, "timeStorageClassUpdated": now, "timeFinalized": now}
        record |= self._checksums(content)
        if "componentCount" in fields:
            record["componentCount"] = fields["componentCount"]
            del record["md5Hash"]
        record["etag"] = base64.b64encode(f"{generation}/1".encode()).decode()
        for checksum in ("md5Hash", "crc32c"):
            if fields.get(checksum) and fields[checksum] != record.get(checksum):
                raise errors.invalid(
                    f"Provided {checksum} {fields[checksum]!r} doesn't match calculated {record.get(checksum)!r}."
                )
        return record

    def _checksums(self, content: int) -> Record:
        size = self.store.content_size(content)
        md5, crc32c = hashlib.md5(usedforsecurity=False), google_crc32c.Checksum()
        for piece in self.store.read(content, 0, size):
            md5.update(piece)
            crc32c.update(piece)
        return {
            "size": str(size),
            "md5Hash": base64.b64encode(md5.digest()).decode(),
            "crc32c": base64.b64encode(crc32c.digest()).decode(),
        }

    def patch(self, bucket: str, name: str, fields: Mapping[str, Any], conditions: Conditions) -> Record:
        """Change the metadata given; null removes a field, or a key of ``metadata``."""
        record, content = self.get(bucket, name, conditions)
        for key in _WRITABLE:
            if key not in fields:
                continue
            value = fields[key]
            if key == "metadata" and isinstance(value, dict):
                merged = {**record.get("metadata", {}), **value}
                value = {k: v for k, v in merged.items() if v is not None} or None
            record[key] = value
        record = {key: value for key, value in record.items() if value is not None}
        return self._changed(record, content)

    def replace_metadata(self, bucket: str, name: str, fields: Mapping[str, Any], conditions: Conditions) -> Record:
        """Set the metadata to what is given, and drop the rest."""
        record, content = self.get(bucket, name, conditions)
        keep = {key: value for key, value in record.items() if key not in _WRITABLE or key == "storageClass"}
        keep |= {key: fields[key] for key in _WRITABLE if fields.get(key) is not None}
        return self._changed(keep, content)

    def _changed(self, record: Record, content: int) -> Record:
        record["metageneration"] = str(int(record["metageneration"]) + 1)
        record["updated"] = self._now()
        record["etag"] = base64.b64encode(f"{record['generation']}/{record['metageneration']}".encode()).decode()
        events = self._notifications.of(METADATA_UPDATE, record, record["updated"])
        self.store.put_object(record, content, events=events)
        self._notifications.flush()
        return record

    def delete(self, bucket: str, name: str, conditions: Conditions) -> None:
        """Of a generation: for good. Without one, the live object, which stays as a version where the bucket keeps
        them. StorageError: there is none, or a condition does not hold."""
        record, _ = self.get(bucket, name, conditions)
        now, of = self._now(), self._notifications.of
        if "timeDeleted" in record:
            events = of(DELETE, record, now)
            self.store.delete_noncurrent(bucket, name, int(record["generation"]), events)
        else:
            replaced = None if conditions.get("generation") else self._noncurrent(record, now)
            events = of(ARCHIVE if replaced else DELETE, replaced or record, now)
            self.store.delete_object(bucket, name, replaced=replaced, events=events)
        self._notifications.flush()

    def newer_versions(self, record: Record) -> int:
        """How many versions of the object are newer than this one."""
        versions = self.store.versions(record["bucket"], record["name"])
        return len(
            [
                one
                for one in versions
                if one["name"] == record["name"] and int(one["generation"]) > int(record["generation"])
            ]
        )

    def compose(
        self,
        target: tuple[str, str],
        sources: Sequence[Mapping[str, Any]],
        fields: Mapping[str, Any],
        conditions: Conditions,
    ) -> Record:
        """An object of the sources' bytes, in order. StorageError: a source is not there or not as it must be.
        https://cloud.google.com/storage/docs/composite-objects"""
        if not 1 <= len(sources) <= MAX_COMPONENTS:
            raise errors.invalid(f"sourceObjects must be 1 to {MAX_COMPONENTS} objects; got {len(sources)}.")
        contents: list[int] = []
        components = 0
        for source in sources:
            wanted = {key: str(value) for key, value in (source.get("objectPreconditions") or {}).items()}
            if source.get("generation"):
                wanted["generation"] = str(source["generation"])
            record, content = self.get(target[0], str(source.get("name", "")), wanted)
            contents.append(content)
            components += record.get("componentCount", 1)
        joined = self.store.joined_content(contents)
        return self.put(*target, {**fields, "componentCount": components}, joined, conditions)

    def copy(
        self, source: tuple[str, str], target: tuple[str, str], fields: Mapping[str, Any], conditions: Conditions
    ) -> Record:
        """The source's bytes under the target's name, with the metadata given or, without any, the source's."""
        prefix = "ifSource"
        of_source = {f"if{k.removeprefix(prefix)}": v for k, v in conditions.items() if k.startswith(prefix)}
        if "sourceGeneration" in conditions:
            of_source["generation"] = conditions["sourceGeneration"]
        record, content = self.get(*source, of_source)
        own = {key: record[key] for key in _WRITABLE if key in record}
        metadata = {**own, "metadata": None, **fields} if fields else own
        metadata = {k: v for k, v in metadata.items() if k in _WRITABLE}
        return self.put(*target, metadata, self.store.copy_content(content), conditions)

    def list_page(self, bucket: str, query: Mapping[str, str]) -> dict[str, Any]:
        """items, prefixes and nextPageToken, as objects.list has them. The cost follows the size of the page: what
        lies under a prefix that is reported once is jumped over."""
        self.bucket(bucket)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = min(int(query.get("maxResults") or MAX_PAGE), MAX_PAGE)
        start, end = max(prefix, query.get("startOffset", "")), query.get("endOffset", "")
        after = _from_token(query.get("pageToken", ""))
        if query.get("versions", "").lower() == "true":
            return {"items": self.store.versions(bucket, prefix)}
        items: list[Record] = []
        prefixes: list[str] = []
        while record := self.store.first_object(bucket, start, after):
            name = record["name"]
            if not name.startswith(prefix) or (end and name >= end):
                break
            if len(items) + len(prefixes) == limit:
                return {"items": items, "prefixes": prefixes, "nextPageToken": _to_token(after)}
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                prefixes.append(name[: cut + len(delimiter)])
                after = prefixes[-1] + "\U0010ffff"
            else:
                items.append(record)
                after = name
        return {"items": items, "prefixes": prefixes}

    def _generation(self) -> int:
        """Generations rise, as the microseconds of the clock do."""
        self._last_generation = max(self._last_generation + 1, int(self._clock() * 1e6))
        return self._last_generation

    def _now(self) -> str:
        moment = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_conditions(record: Record | None, conditions: Conditions, *, is_read: bool = False) -> None:
    """StorageError (412, or 304 for a read that asked not to match): a condition does not hold for the live object,
    None where there is none. https://cloud.google.com/storage/docs/request-preconditions"""
    generation = record["generation"] if record else "0"
    metageneration = record["metageneration"] if record else "0"
    for field, actual in (("Generation", generation), ("Metageneration", metageneration)):
        if conditions.get(f"if{field}Match", actual) != actual:
            raise errors.condition_not_met(f"if{field}Match")
        if conditions.get(f"if{field}NotMatch") == actual:
            if is_read:
                raise errors.StorageError(304, "notModified", "Not modified")
            raise errors.condition_not_met(f"if{field}NotMatch")


def _to_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _from_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise errors.invalid(f"Invalid pageToken: {token!r}") from None
