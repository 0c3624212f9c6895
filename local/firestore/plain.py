"""What does the commonest commit do: one document, set whole, whatever it was, while nobody holds a lock?

Just what ``commits`` does for it, without what several writes, masks, preconditions and transforms need.
"""

from local.firestore import errors, limits, messages, names
from local.firestore.history import Change, History
from local.firestore.messages import Message
from local.firestore.store import Store


def fits(request: Message) -> bool:
    """Whether a CommitRequest is of this kind."""
    if len(request.writes) != 1 or request.transaction:
        return False
    write = request.writes[0]
    return (
        write.WhichOneof("operation") == "update"
        and not write.HasField("update_mask")
        and not write.HasField("current_document")
        and not write.update_transforms
    )


def commit(store: Store, history: History, database: str, request: Message, now: int) -> Message:
    """The response. FirestoreError: the document may not be stored."""
    document = request.writes[0].update
    name = document.name
    found, path = names.split_written(name)
    if found != database:
        raise errors.elsewhere(name, database)
    time = history.next(now)
    limits.check_fields(document.fields, 1)
    document.ClearField("create_time")
    document.ClearField("update_time")
    content = document.SerializeToString(deterministic=True)
    before = store.find(database, path)
    updated = time
    if before is not None and before.content == content:
        updated = before.updated
    else:
        limits.check_size(document, path, len(content))
        row = store.put(database, path, name, before, content, time if before is None else before.created, time)
        history.add([Change(time, database, path, before, row)])
        store.relieve()
    response = messages.CommitResponse()
    messages.set_timestamp(response.commit_time, time)
    messages.set_timestamp(response.write_results.add().update_time, updated)
    return response
