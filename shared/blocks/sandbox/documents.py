"""What is in a PDF document? Called through ``isolated``."""

import io

import pypdf

from shared.domain import errors

MAX_PAGES = 2_000


def pdf_text(content: bytes, *, password: str, first: int, last: int | None) -> list[str]:
    """The texts of the pages from ``first`` to ``last``, counted from 1. BlockError, reason ``FILE_UNREADABLE``."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(password):
            raise _unreadable("it is encrypted; give its password" if not password else "its password is another one")
        pages = reader.pages[first - 1 : last]
        if len(pages) > MAX_PAGES:
            raise _unreadable(f"it has more than {MAX_PAGES:,} pages; ask for some of them")
        return [page.extract_text() for page in pages]
    except (errors.BlockError, MemoryError, RecursionError):
        raise
    except Exception as error:
        raise _unreadable(f"it is damaged, or no PDF ({error})") from error


def _unreadable(what: str) -> errors.BlockError:
    return errors.BlockError(f"The PDF cannot be read: {what}", reason="FILE_UNREADABLE")
