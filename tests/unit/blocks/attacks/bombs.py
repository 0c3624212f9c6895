"""Files and texts that are small, and would be large."""

import base64
import functools
import io
import struct
import zipfile
import zlib


def uri(content: bytes, media_type: str = "application/octet-stream") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def archive(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return made.getvalue()


@functools.cache
def zip_of_zeros(megabytes: int) -> bytes:
    return archive({"zeros": bytes(megabytes * 1_000_000)})


def zip_that_lies() -> bytes:
    """An archive that calls its file one byte long, and unpacks to 60 MB."""
    content = bytearray(zip_of_zeros(60))
    size = struct.pack("<I", 60_000_000)
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = struct.pack("<I", 1)
    return bytes(content)


def zip_of_overlaps() -> bytes:
    """A thousand names for the same packed bytes (https://www.bamsoftware.com/hacks/zipbomb/)."""
    one = archive({"a": bytes(100_000)})
    end = one.rindex(b"PK\x05\x06")
    start = one.index(b"PK\x01\x02")
    entry = one[start:end]
    many = entry * 1_000
    tail = bytearray(one[end:])
    tail[8:10] = tail[10:12] = struct.pack("<H", 1_000)
    tail[12:16] = struct.pack("<I", len(many))
    return one[:start] + many + bytes(tail)


def workbook(sheet: bytes) -> bytes:
    """An Excel file with this XML as its sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return archive(
        {
            "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            b'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            b'spreadsheetml.sheet.main+xml"/></Types>',
            "xl/workbook.xml": (
                f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>'
                '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            b'relationships"><Relationship Id="r1" Type="'
            + kind.encode()
            + b'/worksheet" Target="worksheets/s.xml"/>'
            b"</Relationships>",
            "xl/worksheets/s.xml": sheet,
        }
    )


def lol(levels: int = 12, name: str = "lol") -> str:
    """The document type of a billion laughs."""
    entities = [f'<!ENTITY {name}0 "{name}">'] + [
        f'<!ENTITY {name}{level} "{f"&{name}{level - 1};" * 10}">' for level in range(1, levels)
    ]
    return f"<!DOCTYPE a [{''.join(entities)}]>"


def png(width: int, height: int) -> bytes:
    """A picture that says it has this size; what it has is one line."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000)))
        + chunk(b"IEND", b"")
    )


def aliases(levels: int = 12, merge: bool = False) -> str:
    """YAML in which each line refers nine times to the one before."""
    lines = ["a0: &a0 {k: v}" if merge else "a0: &a0 [x]"]
    for level in range(1, levels):
        some = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {{<<: [{some}]}}" if merge else f"a{level}: &a{level} [{some}]")
    return "\n".join(lines)


def pdf_that_loops() -> bytes:
    """A PDF whose pages are their own parents."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


def pdf_of_zeros(megabytes: int) -> bytes:
    """A PDF whose one page unpacks to this much."""
    packed = zlib.compress(b" " * (megabytes * 1_000_000), 9)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter/FlateDecode/Length "
        + str(len(packed)).encode()
        + b">>stream\n"
        + packed
        + b"\nendstream endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )
