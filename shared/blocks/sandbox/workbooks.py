"""What stands in the first sheet of an Excel file?"""

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from shared.domain import errors

MAX_UNPACKED_BYTES = 100_000_000
"""An Excel file is a ZIP, and a small one may unpack to more than a function's memory."""
MAX_CELLS = 2_000_000


def rows(content: bytes) -> list[list[str]]:
    """The rows of the active sheet as texts, formulas as their last values. BlockError, reason
    ``FILE_UNREADABLE``. It computes: call it in a thread."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise _unreadable(f"it unpacks to {unpacked:,} bytes, above {MAX_UNPACKED_BYTES:,}")
        return list(_rows(content))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise _unreadable(f"it is damaged, or no Excel file ({error})") from error


def _rows(content: bytes) -> Iterator[list[str]]:
    workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        cells = 0
        for row in workbook.worksheets[0].iter_rows(values_only=True) if workbook.worksheets else ():
            cells += len(row)
            if cells > MAX_CELLS:
                raise _unreadable(f"its first sheet has more than {MAX_CELLS:,} cells")
            if any(value is not None for value in row):
                yield [as_text(value) for value in row]
    finally:
        workbook.close()


def as_text(value: Any) -> str:
    """A cell as a CSV export has it: whole numbers without a point, dates in ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime():
            return value.isoformat(sep=" ")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return str(value)


def _unreadable(what: str) -> errors.BlockError:
    return errors.BlockError(f"The Excel file cannot be read: {what}", reason="FILE_UNREADABLE")
