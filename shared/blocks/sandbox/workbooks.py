"""What stands in a sheet of an Excel file, and how is one written?"""

import datetime
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.cell import cell as cells_of_openpyxl

from shared.domain import errors

MAX_UNPACKED_BYTES = 100_000_000
"""An Excel file is a ZIP, and a small one may unpack to more than a function's memory."""
MAX_CELLS = 2_000_000


def rows(content: bytes) -> list[list[str]]:
    """The rows of the first sheet as texts, formulas as their last values. As ``sheet``."""
    return sheet(content, "")[0]


def sheet(content: bytes, name: str) -> tuple[list[list[str]], list[str]]:
    """The rows of a sheet by its name, or its number from 1, and the names of all. BlockError, reason
    ``FILE_UNREADABLE``. It computes: call it in a thread."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise _unreadable(f"it unpacks to {unpacked:,} bytes, above {MAX_UNPACKED_BYTES:,}")
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            names = [page.title for page in workbook.worksheets]
            return list(_rows(workbook[_chosen(names, name)])) if names else [], names
        finally:
            workbook.close()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise _unreadable(f"it is damaged, or no Excel file ({error})") from error


def _chosen(names: list[str], name: str) -> str:
    if not name or name in names:
        return name or names[0]
    if name.isdecimal() and 0 < int(name) <= len(names):
        return names[int(name) - 1]
    raise _unreadable(f"it has no sheet {name[:100]!r}; it has {', '.join(names)[:500]}")


def _rows(page: Any) -> Iterator[list[str]]:
    cells = 0
    for row in page.iter_rows(values_only=True):
        cells += len(row)
        if cells > MAX_CELLS:
            raise _unreadable(f"its sheet has more than {MAX_CELLS:,} cells")
        if any(value is not None for value in row):
            yield [as_text(value) for value in row]


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


def write(tables: Mapping[str, Sequence[Sequence[Any]]]) -> tuple[bytes, list[str]]:
    """A workbook of these sheets, and the names that they got. Texts stay texts: nothing becomes a formula."""
    workbook = openpyxl.Workbook(write_only=True)
    cells = 0
    for name, table in tables.items() or [("Sheet", [])]:
        page = workbook.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip("' ") or "Sheet")
        for row in table:
            cells += len(row)
            if cells > MAX_CELLS:
                raise errors.BlockError(f"A workbook has at most {MAX_CELLS:,} cells here", reason="LIMIT_EXCEEDED")
            page.append([_cell(page, value) for value in row])
    made = io.BytesIO()
    workbook.save(made)
    return made.getvalue(), workbook.sheetnames


def _cell(page: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cell = cells_of_openpyxl.WriteOnlyCell(page, cells_of_openpyxl.ILLEGAL_CHARACTERS_RE.sub("", text)[:32_767])
    cell.data_type = "s"
    return cell
