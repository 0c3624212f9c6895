"""How are files made, whole ones and twisted ones? Small, and written here byte by byte."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of all scanners (https://www.eicar.org/download-anti-malware-testfile/), in two halves, so that no
scanner takes this source for it."""


def png(width: int = 1, height: int = 1, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"".join(chunk(*one) for one in chunks)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 2))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + pixels + chunk(b"IEND", b"")


def gif(comment: bytes = b"") -> bytes:
    said = b"\x21\xfe" + bytes([len(comment)]) + comment + b"\0" if comment else b""
    return b"GIF89a\1\0\1\0\x80\0\0" + b"\0" * 6 + said + b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;"


def jpeg(comment: bytes = b"") -> bytes:
    said = b"\xff\xfe" + struct.pack(">H", 2 + len(comment)) + comment if comment else b""
    frame = b"\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"
    return b"\xff\xd8" + said + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\x12\xff\x00\x34" + b"\xff\xd9"


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 5) + b"\x2f\0\0\0\0\0"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav() -> bytes:
    body = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", 2) + b"\0\0"
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3() -> bytes:
    return b"ID3\3\0\0\0\0\0\0" + (b"\xff\xfb\x90\x00" + b"\0" * 413) * 2


def mp4(brand: bytes = b"isom") -> bytes:
    return struct.pack(">I4s4sI", 16, b"ftyp", brand, 0) + struct.pack(">I4s", 12, b"mdat") + b"\xff\0\xff\0"


def ogg() -> bytes:
    return b"OggS\0\2" + b"\0" * 20 + b"\1\x04" + b"\xff\0\xff\0"


def flac() -> bytes:
    return b"fLaC\x80\0\0\x22" + b"\0" * 34


def parquet() -> bytes:
    return b"PAR1" + b"\x15\x00" * 4 + struct.pack("<I", 8) + b"PAR1"


def zipped(files: Mapping[str, bytes | str], *, stored: bool = False, comment: bytes = b"") -> bytes:
    made = io.BytesIO()
    how = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, how)
        archive.comment = comment
    return made.getvalue()


def with_symlink() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return made.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory, one place: what is unpacked is more than what is there."""
    one = zipped({"a": b"x" * 1000})
    end = one.rindex(b"PK\5\6")
    start = one.index(b"PK\1\2")
    second = one[start:end].replace(b"a", b"b")
    directory = one[start:end] + second
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(directory), start, 0)
    return one[:start] + directory + tail


def two_faced() -> bytes:
    """An entry that one list calls picture.png and the other program.exe."""
    made = zipped({"picture.png": png()}, stored=True)
    return made.replace(b"picture.png", b"program.exe", 1)


def lying() -> bytes:
    """An entry that says it unpacks to ten bytes, and unpacks to two megabytes."""
    made = bytearray(zipped({"a": bytes(range(256)) * 400}))
    for sign, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", made, made.index(sign) + place, 10)
    return bytes(made)


def encrypted() -> bytes:
    made = bytearray(zipped({"a": b"secret"}, stored=True))
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        made[made.index(sign) + place] |= 1
    return bytes(made)


def tar(name: str = "a.txt", content: bytes = b"hello", **changes: object) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        for field, value in changes.items():
            setattr(info, field, value)
        archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def docx(**parts: bytes | str) -> bytes:
    """``__`` in a name of a part stands for a slash, ``_dot_`` for a dot."""
    more = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": "<w:document xmlns:w='w'/>", **more})


def odt(**parts: bytes | str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<office/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return made.getvalue()


def ole(*names: str) -> bytes:
    """An older document: its header, and a directory with entries of these names."""
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504)
    header[30] = 9
    entries = b""
    for name in ("Root Entry", *names):
        entry = bytearray(name.encode("utf-16-le").ljust(64, b"\0") + b"\0" * 64)
        struct.pack_into("<HB", entry, 64, 2 * len(name) + 2, 5 if name == "Root Entry" else 2)
        entries += entry
    return bytes(header) + entries


def pdf(body: bytes = b"", behind: bytes = b"") -> bytes:
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    return head + body + b"\nxref\n0 1\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n" + behind


def object_stream(objects: bytes, filters: bytes = b"/Filter /FlateDecode", head: bytes = b"/Type /ObjStm") -> bytes:
    packed = zlib.compress(objects) if filters else objects
    said = b"7 0 obj\n<< %s /N 1 /First 4 %s /Length %d >>\nstream\n" % (head, filters, len(packed))
    return said + packed + b"\nendstream\nendobj\n"


def svg(inside: str = "", attributes: str = "", before: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()
