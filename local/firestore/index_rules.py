"""Would production have an index for this query?"""

from local.firestore.index_file import IndexFile
from local.firestore.query import Query


def check(query: Query, index_file: IndexFile) -> None:
    """FAILED_PRECONDITION, naming the index to add, when it would not."""
