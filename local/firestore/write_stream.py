"""What does a stream of writes answer?

Each request is a commit of its own; an empty one is the last. Streams are not resumed, as with Google's emulator.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#writerequest
"""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator

from local.firestore import errors, messages, names
from local.firestore.engine import Engine
from local.firestore.messages import Message


async def write(engine: Engine, requests: AsyncIterator[Message]) -> AsyncGenerator[Message]:
    """Write. A refused commit ends the stream with its status; nothing of that request was written."""
    tokens = (str(number).encode() for number in itertools.count())
    database = ""
    async for request in requests:
        if not database:
            database = _opened(request)
            yield messages.WriteResponse(stream_id="0", stream_token=next(tokens))
            continue
        response = messages.WriteResponse(stream_token=next(tokens))
        if not request.writes:
            yield response
            return
        wanted = messages.CommitRequest(database=database, writes=request.writes)
        committed = await engine.commit(wanted)
        response.write_results.extend(committed.write_results)
        response.commit_time.CopyFrom(committed.commit_time)
        yield response


def _opened(request: Message) -> str:
    if not request.database:
        raise errors.invalid("'database' must be set on an initial write request.")
    if request.stream_id:
        raise errors.invalid("Resuming streams is not supported, do not set stream ID.")
    if request.writes:
        raise errors.invalid("'writes' must not be set on an initial write request.")
    return names.check_database(request.database)
