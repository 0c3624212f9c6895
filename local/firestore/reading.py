"""What do the calls that look for documents mean: queries, aggregations and lists?"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from local.firestore import (
    aggregation,
    encoding,
    engine,
    errors,
    existing,
    field_paths,
    index_rules,
    messages,
    names,
    nearest,
    queries,
    query,
    query_rules,
)
from local.firestore.engine import Engine
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.planner import Candidate
from local.firestore.query import Query
from local.firestore.ranges import Observed

_DEFAULT_PAGE = 300
_NAME = (field_paths.NAME,)


class Reading:
    """The calls over many documents."""

    def __init__(self, shared: Engine) -> None:
        self._engine = shared

    async def run_query(self, request: Message) -> Iterator[Message]:
        """RunQuery: the results, or one response without any, with the time at which they are true."""
        database, parent = names.split_parent(request.parent)
        if not request.HasField("structured_query"):
            raise errors.invalid("only structured queries are supported")
        parsed = self.parse(database, parent, request.structured_query)
        if request.structured_query.HasField("find_nearest"):
            return await self._run_nearest(request, parsed)
        return _responses(parsed, *await self._run(request, parsed))

    async def _run_nearest(self, request: Message, parsed: Query) -> Iterator[Message]:
        asked = nearest.parse(request.structured_query.find_nearest)
        time, ranked, begun = await self._nearest(request, parsed, asked)
        documents = [nearest.with_distance(one.row.message(), asked.distance_field, far) for one, far in ranked]
        return _answers(parsed, time, documents, begun)

    async def _nearest(
        self, request: Message, parsed: Query, asked: nearest.Nearest
    ) -> tuple[int, list[tuple[Candidate, float]], bytes]:
        """As ``_run``, of a search for the nearest: with the distance of each."""
        if parsed.offset or parsed.limit is not None or parsed.start or parsed.end:
            raise errors.invalid("Neither a limit, an offset nor a cursor can be used with find_nearest.")
        index_file = self._engine.store.index_file(parsed.database)
        if index_file is not None:
            nearest.check(asked, parsed, index_file)
        time, results, begun = await self._run(request, parsed)
        return time, nearest.rank(asked, results), begun

    def parse(
        self,
        database: str,
        parent: Path,
        structured: Message,
        aggregated: frozenset[field_paths.FieldPath] = frozenset(),
    ) -> Query:
        """The query, if it may run in this database. FAILED_PRECONDITION: it lacks an index."""
        parsed = query.parse(database, parent, structured, aggregated)
        index_file = self._engine.store.index_file(database)
        if index_file is None:
            query_rules.check_scan(parsed)
        else:
            index_rules.check(parsed, index_file)
        return parsed

    async def _run(self, request: Message, parsed: Query) -> tuple[int, list[Candidate], bytes]:
        """The time of the results, they, and the id of the transaction that the request begins."""
        store, history = self._engine.store, self._engine.history
        view = self._engine.view(request, parsed.database)
        time, results = 0, list[Candidate]()

        def observe(at: int) -> Observed:
            nonlocal time, results
            time, results = at, queries.run(store, history, parsed, at)
            return queries.observe(parsed, results)

        await view.watch(observe)
        return time, results, view.begun

    async def run_aggregation_query(self, request: Message) -> Iterator[Message]:
        """RunAggregationQuery: count, sum and avg, in one response."""
        database, parent = names.split_parent(request.parent)
        if not request.HasField("structured_aggregation_query"):
            raise errors.invalid("only structured aggregation queries are supported")
        wanted = aggregation.parse(request.structured_aggregation_query)
        paths = frozenset(one.path for one in wanted if one.path)
        structured = request.structured_aggregation_query.structured_query
        parsed = self.parse(database, parent, structured, paths)
        if structured.HasField("find_nearest"):
            time, ranked, new = await self._nearest(request, parsed, nearest.parse(structured.find_nearest))
            results = [one for one, _ in ranked]
        else:
            time, results, new = await self._run(request, aggregation.bounded(parsed, wanted))
        response = messages.RunAggregationQueryResponse(read_time=messages.timestamp(time))
        for alias, value in aggregation.evaluate(wanted, [found.document.fields for found in results]).items():
            response.result.aggregate_fields[alias].CopyFrom(value)
        begun = (messages.RunAggregationQueryResponse(transaction=new),) if new else ()
        return iter((*begun, response))

    async def list_documents(self, request: Message) -> Message:
        """ListDocuments: a page of a collection, by name or by ``order_by``."""
        database, parent = names.split_parent(request.parent)
        if request.show_missing and not request.collection_id:
            raise errors.invalid("collection id must be set when show_missing is true")
        if request.show_missing and request.order_by:
            raise errors.invalid("cannot specify an order when show_missing is true")
        structured = _listed(request)
        parsed = self.parse(database, parent, structured)
        size = request.page_size or _DEFAULT_PAGE
        time, found, _ = await self._run(request, parsed)
        response = messages.ListDocumentsResponse()
        mask = engine.mask_of(request)
        documents = [(c.path, engine.masked(c.row.message(), mask)) for c in found]
        if request.show_missing:
            documents = self._with_missing(database, (*parent, request.collection_id), documents, parsed, time)
        response.documents.extend(document for _, document in documents[:size])
        if len(documents) >= size:  # as Google's emulator: what follows may be an empty page
            last = documents[size - 1][0]
            response.next_page_token = _token(_position(last, found, parsed))
        return response

    def _with_missing(
        self, database: str, collection: Path, documents: list[tuple[Path, Message]], parsed: Query, time: int
    ) -> list[tuple[Path, Message]]:
        """And those that do not exist but have something below them."""
        shared = self._engine
        depth = len(collection)
        below = existing.collections(shared.store, shared.history, database, collection, time)
        paths = {path[: depth + 1] for path in below if len(path) > depth + 1}
        known = {path for path, _ in documents}
        start = parsed.start.keys[0] if parsed.start else b""
        for path in paths - known:
            name = names.join(database, path)
            if encoding.reference(name) > start:
                documents.append((path, messages.Document(name=name)))
        return sorted(documents, key=lambda found: names.path_key(found[0]))

    async def list_collection_ids(self, request: Message) -> Message:
        """ListCollectionIds: the ids of the collections right below a document, or below the root."""
        database, parent = names.split_parent(request.parent)
        after = _untoken(request.page_token) if request.page_token else ""
        if not isinstance(after, str):
            raise errors.invalid("invalid page token")
        if request.page_size < 0:
            raise errors.invalid("page_size must be greater than or equal to zero.")
        shared = self._engine
        time = shared.view(request, database).time()
        below = existing.collections(shared.store, shared.history, database, parent, time)
        depth = len(parent)
        ids = sorted({path[depth] for path in below if path[depth] > after}, key=names.segment_key)
        size = request.page_size or _DEFAULT_PAGE
        response = messages.ListCollectionIdsResponse(collection_ids=islice(ids, size))
        if len(ids) >= size:
            response.next_page_token = _token(ids[size - 1])
        return response


def _responses(parsed: Query, time: int, results: list[Candidate], begun: bytes) -> Iterator[Message]:
    return _answers(parsed, time, (found.row.message() for found in results), begun, len(results))


def _answers(
    parsed: Query, time: int, documents: Iterable[Message], begun: bytes, count: int | None = None
) -> Iterator[Message]:
    """``count``: how many documents there are, where it is known without them."""
    read_time = messages.timestamp(time)
    if count is None:
        documents = list(documents)
        count = len(documents)
    if begun:
        yield messages.RunQueryResponse(transaction=begun)
    if not count:
        yield messages.RunQueryResponse(read_time=read_time, done=True)
    for position, document in enumerate(documents, start=1):
        response = messages.RunQueryResponse(read_time=read_time)
        response.document.CopyFrom(engine.masked(document, parsed.projection))
        if position == 1:
            response.skipped_results = parsed.offset
        if position == count:
            response.done = True
        yield response


def _listed(request: Message) -> Message:
    """The query whose results ListDocuments gives, with one more than a page."""
    structured = messages.StructuredQuery()
    structured.from_.add(collection_id=request.collection_id)
    for part in request.order_by.split(",") if request.order_by else ():
        words = part.split()
        if not 1 <= len(words) <= 2 or words[-1].lower() not in ("asc", "desc", words[0].lower()):
            raise errors.invalid(f'The order_by "{request.order_by}" is not of the form "field desc, field".')
        descending = len(words) == 2 and words[1].lower() == "desc"
        structured.order_by.add(field={"field_path": words[0]}, direction=2 if descending else 1)
    if not any(order.field.field_path == field_paths.NAME for order in structured.order_by):
        direction = structured.order_by[-1].direction if structured.order_by else 1
        structured.order_by.add(field={"field_path": field_paths.NAME}, direction=direction)
    if request.page_size < 0:
        raise errors.invalid("page_size must not be negative.")
    structured.limit.value = (request.page_size or _DEFAULT_PAGE) + 1
    if request.page_token:
        position = _untoken(request.page_token)
        try:
            values = [base64.b64decode(part) for part in position]
            structured.start_at.values.extend(messages.Value.FromString(value) for value in values)
        except (TypeError, ValueError, binascii.Error):
            raise errors.invalid("invalid page token") from None
    return structured


def _position(last: Path, found: list[Candidate], parsed: Query) -> list[str]:
    """The values of the ordered fields of the last document of a page."""
    document = next((c.document for c in found if c.path == last), None)
    values: list[str] = []
    for order in parsed.orders:
        if order.path == _NAME:
            value = messages.Value(reference_value=names.join(parsed.database, last))
        else:
            value = document and field_paths.find(document.fields, order.path)
            assert value is not None, "an ordered document has every ordered field"
        values.append(base64.b64encode(value.SerializeToString()).decode())
    return values


def _token(position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _untoken(token: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error):
        raise errors.invalid("invalid page token") from None
