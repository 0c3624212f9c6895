"""Which protobuf messages travel: the raw classes under google-cloud-firestore's proto-plus types.

The raw classes are C extension types: parsing, copying and reading them costs a fraction of proto-plus, and the
server touches each message several times a call. They are made at run time, so a type checker sees ``Any``:
``Message`` says in signatures that a raw message is meant.
"""

from typing import Any, TypeAlias

from google.cloud.firestore_v1.types import common, document, firestore, query, write
from google.protobuf import empty_pb2, timestamp_pb2
from google.rpc import status_pb2

Message: TypeAlias = Any
Fields: TypeAlias = Any  # a protobuf map of field name to Value

Value: Any = document.Value.pb()
Document: Any = document.Document.pb()
ArrayValue: Any = document.ArrayValue.pb()
MapValue: Any = document.MapValue.pb()
DocumentMask: Any = common.DocumentMask.pb()
Precondition: Any = common.Precondition.pb()
TransactionOptions: Any = common.TransactionOptions.pb()
StructuredQuery: Any = query.StructuredQuery.pb()
Write: Any = write.Write.pb()
WriteResult: Any = write.WriteResult.pb()
Timestamp: Any = timestamp_pb2.Timestamp
Status: Any = status_pb2.Status
Empty: Any = empty_pb2.Empty

GetDocumentRequest: Any = firestore.GetDocumentRequest.pb()
ListDocumentsRequest: Any = firestore.ListDocumentsRequest.pb()
ListDocumentsResponse: Any = firestore.ListDocumentsResponse.pb()
CreateDocumentRequest: Any = firestore.CreateDocumentRequest.pb()
UpdateDocumentRequest: Any = firestore.UpdateDocumentRequest.pb()
DeleteDocumentRequest: Any = firestore.DeleteDocumentRequest.pb()
BatchGetDocumentsRequest: Any = firestore.BatchGetDocumentsRequest.pb()
BatchGetDocumentsResponse: Any = firestore.BatchGetDocumentsResponse.pb()
BeginTransactionRequest: Any = firestore.BeginTransactionRequest.pb()
BeginTransactionResponse: Any = firestore.BeginTransactionResponse.pb()
CommitRequest: Any = firestore.CommitRequest.pb()
CommitResponse: Any = firestore.CommitResponse.pb()
RollbackRequest: Any = firestore.RollbackRequest.pb()
RunQueryRequest: Any = firestore.RunQueryRequest.pb()
RunQueryResponse: Any = firestore.RunQueryResponse.pb()
RunAggregationQueryRequest: Any = firestore.RunAggregationQueryRequest.pb()
RunAggregationQueryResponse: Any = firestore.RunAggregationQueryResponse.pb()
ListCollectionIdsRequest: Any = firestore.ListCollectionIdsRequest.pb()
ListCollectionIdsResponse: Any = firestore.ListCollectionIdsResponse.pb()
ListenRequest: Any = firestore.ListenRequest.pb()
ListenResponse: Any = firestore.ListenResponse.pb()
WriteRequest: Any = firestore.WriteRequest.pb()
WriteResponse: Any = firestore.WriteResponse.pb()
BatchWriteRequest: Any = firestore.BatchWriteRequest.pb()
BatchWriteResponse: Any = firestore.BatchWriteResponse.pb()


def timestamp(micros: int) -> Message:
    """``micros`` since the epoch as a Timestamp."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def set_timestamp(stamp: Message, micros: int) -> None:
    """Make a Timestamp that is part of a message say ``micros`` since the epoch."""
    seconds, rest = divmod(micros, 1_000_000)
    stamp.seconds, stamp.nanos = seconds, rest * 1000


def micros(stamp: Message) -> int:
    """A Timestamp in microseconds since the epoch; what is finer is cut off, as Firestore does
    (https://firebase.google.com/docs/firestore/manage-data/data-types)."""
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000
