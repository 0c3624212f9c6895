"""What is a stored document?"""

from typing import NamedTuple

from local.firestore import messages
from local.firestore.messages import Message


class Row(NamedTuple):
    """A stored document. ``document``: its number in the tables. ``content``: the serialized Document, without times;
    times in microseconds."""

    document: int
    content: bytes
    created: int
    updated: int

    def message(self) -> Message:
        """The Document as clients see it."""
        document = messages.Document.FromString(self.content)
        messages.set_timestamp(document.create_time, self.created)
        messages.set_timestamp(document.update_time, self.updated)
        return document
