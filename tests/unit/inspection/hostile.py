"""Which files does somebody send who means no good, and what does each deserve?

A row: what it is, its name, its bytes, and the reason for which it is not taken, VIRUS where only the virus scan
knows. ``HARMLESS`` are their honest neighbours, each with the type under which it is kept: a check that refuses
everything would refuse these.
"""

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import makers as make

from shared.domain.files import Reason
from shared.inspection.refusals import MAX_ENTRIES, MAX_UNPACKED

XML = '<?xml version="1.0" encoding="UTF-8"?>'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
PROGRAM = b"MZ\x90\0\3\0\0\0" + b"\0" * 100 + b"This program cannot be run in DOS mode."
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass(frozen=True, kw_only=True)
class Case:
    """``declared``: what the client says it is."""

    what: str
    name: str
    data: Callable[[], bytes]
    deserves: str
    declared: str = ""


def _case(what: str, name: str, data: Callable[[], bytes], deserves: str, declared: str = "") -> Case:
    return Case(what=what, name=name, data=data, deserves=deserves, declared=declared)


def _bomb(depth: int) -> bytes:
    content = b"\0" * 2_000_000
    for _ in range(depth):
        content = make.zipped({"bomb.bin": content})
    return content


def _many_bombs() -> bytes:
    """Each below the ratio, all together above what may be unpacked."""
    piece = bytes(range(256)) * 40 + os.urandom(300)
    return make.zipped({f"{number}.bin": piece * 90 for number in range(MAX_UNPACKED // 900_000 + 10)})


def _png_and_zip() -> bytes:
    return make.png() + make.zipped({"evil.exe": PROGRAM})


def _relations(kind: str, target: str) -> str:
    return f'<Relationships><Relationship Type="{RELATION}/{kind}" Target="{target}" TargetMode="External"/></Relationships>'


def _macro_types() -> str:
    return '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'


def _disk_image() -> bytes:
    return b"\0" * 32_769 + b"CD001\1" + b"\0" * 2_000


def _hidden_script_pdf() -> bytes:
    return make.pdf(make.object_stream(b"8 0 << /S /JavaScript /JS (app.alert(1)) >>"))


R = Reason
POLYGLOTS = [
    _case("a picture with an archive behind it", "cat.png", _png_and_zip, R.POLYGLOT),
    _case("a GIF with an archive behind it (GIFAR)", "cat.gif", lambda: make.gif() + make.zipped({"a.class": b"x"}), R.POLYGLOT),
    _case("a JPEG with a web page in its comment", "cat.jpg", lambda: make.jpeg(b"<html><script>alert(1)</script>"), R.POLYGLOT),
    _case("a PNG with PHP in a text chunk", "cat.png", lambda: make.png(1, 1, (b"tEXt", b"c\0<?php system($_GET[0]);")), R.POLYGLOT),
    _case("a GIF that is a PHP archive", "cat.gif", lambda: make.gif(b"<?php __HALT_COMPILER(); ?>"), R.POLYGLOT),
    _case("a GIF that is JavaScript", "cat.gif", lambda: b"GIF89a/*" + make.gif()[8:] + b"*/=1;alert(1)", R.POLYGLOT),
    _case("a PDF in a picture", "cat.png", lambda: make.png(1, 1, (b"tEXt", b"c\0%PDF-1.7 1 0 obj")), R.POLYGLOT),
    _case("a PDF with an archive behind it", "a.pdf", lambda: make.pdf(behind=make.zipped({"a.js": b"x" * 99})), R.POLYGLOT),
    _case("a PDF behind a text", "a.txt", lambda: b"minutes; " * 99 + b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF", R.POLYGLOT),
    _case("an archive with a program before it", "a.zip", lambda: PROGRAM + make.zipped({"a.txt": b"x"}), R.EXECUTABLE),
    _case("an archive with a picture before it", "a.zip", lambda: b"PK\3\4" + make.png() + make.zipped({"a": b"x"}), R.POLYGLOT),
    _case("an archive with something behind it", "a.zip", lambda: make.zipped({"a": b"x"}) + b"\0" * 70_000, R.POLYGLOT),
    _case("a film with an archive behind it", "a.mp4", lambda: make.mp4() + make.zipped({"a": b"x"}), R.POLYGLOT),
    _case("a sound with a program behind it", "a.wav", lambda: make.wav() + PROGRAM, R.POLYGLOT),
    _case("a RAR archive in a sound", "a.mp3", lambda: make.mp3() + b"Rar!\x1a\7\0" + b"\0" * 50, R.POLYGLOT),
    _case("a tar archive with something behind it", "a.tar", lambda: make.tar() + PROGRAM, R.POLYGLOT),
    _case("a gzip archive with something behind it", "a.gz", lambda: make.gz(b"hello") + PROGRAM, R.POLYGLOT),
]  # fmt: skip

WRONG_EXTENSIONS = [
    _case("a program called a picture", "photo.png", lambda: PROGRAM, R.EXECUTABLE),
    _case("a Linux program called a PDF", "a.pdf", lambda: b"\x7fELF\2\1\1" + b"\0" * 60, R.EXECUTABLE),
    _case("a macOS program without an ending", "tool", lambda: b"\xcf\xfa\xed\xfe" + b"\0" * 60, R.EXECUTABLE),
    _case("a Java class called a text", "a.txt", lambda: b"\xca\xfe\xba\xbe\0\0\0\x34" + b"\0" * 60, R.EXECUTABLE),
    _case("a Java archive called a document", "a.docx", lambda: make.zipped({"META-INF/MANIFEST.MF": "Main-Class: A"}), R.EXECUTABLE),
    _case("a shell script called a text", "notes.txt", lambda: b"#!/bin/sh\nrm -rf ~\n", R.EXECUTABLE),
    _case("a Windows shortcut called a document", "a.doc", lambda: b"L\0\0\0\1\x14\2\0" + b"\0" * 99, R.EXECUTABLE),
    _case("a disk image called a film", "a.mp4", _disk_image, R.EXECUTABLE),
    _case("a web page called a text", "a.txt", lambda: b"  <!-- x --><!DOCTYPE html><script>alert(1)</script>", R.ACTIVE_CONTENT),
    _case("a web page in UTF-16", "a.txt", lambda: "\ufeff<html><body onload=alert(1)>".encode("utf-16-le"), R.ACTIVE_CONTENT),
    _case("PHP called a picture", "a.jpg", lambda: b"<?php system($_GET[0]); ?>", R.ACTIVE_CONTENT),
    _case("a PDF announced as a picture", "a.png", make.pdf, R.TYPE_MISMATCH, "image/png"),
    _case("a 7-Zip archive called a table", "a.csv", lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 60, R.UNSUPPORTED_TYPE),
    _case("nothing that anybody knows", "a.png", lambda: bytes(range(256)) * 3, R.UNSUPPORTED_TYPE),
    _case("half a picture", "a.png", lambda: make.png()[:40], R.MALFORMED),
    _case("nothing", "a.txt", lambda: b"", R.EMPTY),
]  # fmt: skip

BOMBS = [
    _case("a bomb", "a.zip", lambda: _bomb(1), R.ARCHIVE_BOMB),
    _case("a bomb in an archive", "a.zip", lambda: _bomb(2), R.ARCHIVE_BOMB),
    _case("archives in archives in archives", "a.zip", lambda: make.zipped({"b": make.zipped({"c": make.zipped({"d": b"x"})})}), R.ARCHIVE_BOMB),
    _case("a gzip bomb", "a.gz", lambda: make.gz(b"\0" * 20_000_000), R.ARCHIVE_BOMB),
    _case("a bomb of many small parts", "a.zip", _many_bombs, R.ARCHIVE_BOMB),
    _case("more files than anybody needs", "a.zip", lambda: make.zipped({f"{n}": b"" for n in range(MAX_ENTRIES + 1)}), R.ARCHIVE_BOMB),
    _case("files that overlap", "a.zip", make.overlapping, R.ARCHIVE_BOMB),
    _case("a file that lies about its size", "a.zip", make.lying, R.MALFORMED),
    _case("two lists of contents that differ", "a.zip", make.two_faced, R.MALFORMED),
    _case("an office document that is a bomb", "a.docx", lambda: make.docx(word__media__a_dot_png=b"\0" * 5_000_000), R.ARCHIVE_BOMB),
    _case("a picture of a billion pixels", "a.png", lambda: make.png(40_000, 40_000), R.IMAGE_TOO_LARGE),
    _case("entities that grow (billion laughs)", "a.xml", lambda: f'{XML}<!DOCTYPE a [<!ENTITY b "{"c" * 99}"><!ENTITY d "&b;&b;">]><a>&d;</a>'.encode(), R.ACTIVE_CONTENT),
    _case("a PDF whose objects are a bomb", "a.pdf", lambda: make.pdf(make.object_stream(b"8 0 " + b" " * 20_000_000)), R.ARCHIVE_BOMB),
]  # fmt: skip

PATHS = [
    _case("an archive that climbs out", "a.zip", lambda: make.zipped({"../../etc/cron.d/evil": b"x"}), R.ARCHIVE_PATH),
    _case("an archive that climbs out on Windows", "a.zip", lambda: make.zipped({"..\\..\\evil.txt": b"x"}), R.ARCHIVE_PATH),
    _case("an archive with an absolute name", "a.zip", lambda: make.zipped({"/etc/passwd": b"x"}), R.ARCHIVE_PATH),
    _case("an archive with a drive", "a.zip", lambda: make.zipped({"C:/evil.txt": b"x"}), R.ARCHIVE_PATH),
    _case("an archive with a link", "a.zip", make.with_symlink, R.ARCHIVE_PATH),
    _case("a tar archive that climbs out", "a.tar", lambda: make.tar("../evil.txt"), R.ARCHIVE_PATH),
    _case("a tar archive with a link", "a.tgz", lambda: make.gz(make.tar("a", b"", type=b"2", linkname="/etc/passwd")), R.ARCHIVE_PATH),
    _case("a tar archive with a device", "a.tar", lambda: make.tar("a", b"", type=b"3"), R.ARCHIVE_PATH),
]  # fmt: skip

VECTORS = [
    _case("an SVG with a script", "a.svg", lambda: make.svg("<script>alert(1)</script>"), R.ACTIVE_CONTENT),
    _case("an SVG with an event", "a.svg", lambda: make.svg(attributes='onload="alert(1)"'), R.ACTIVE_CONTENT),
    _case("an SVG with a page in it", "a.svg", lambda: make.svg("<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>"), R.ACTIVE_CONTENT),
    _case("an SVG that loads from elsewhere", "a.svg", lambda: make.svg('<use xlink:href="https://evil.test/a.svg#x"/>', XLINK), R.ACTIVE_CONTENT),
    _case("an SVG with a disguised script", "a.svg", lambda: make.svg('<a xlink:href="java&#10;script:alert(1)"/>', XLINK), R.ACTIVE_CONTENT),
    _case("an SVG whose link becomes a script", "a.svg", lambda: make.svg('<a><set attributeName="href" to="x"/></a>'), R.ACTIVE_CONTENT),
    _case("an SVG with a style from outside", "a.svg", lambda: make.svg("<style>@\\69mport 'https://evil.test/'</style>"), R.ACTIVE_CONTENT),
    _case("an SVG that reads a file", "a.svg", lambda: make.svg("&x;", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), R.ACTIVE_CONTENT),
    _case("an SVG in an SVG", "a.svg", lambda: make.svg('<image href="data:image/svg+xml,&lt;svg onload=alert(1)&gt;"/>'), R.ACTIVE_CONTENT),
    _case("an SVG under another prefix, in an archive", "a.zip", lambda: make.zipped({"a.svg": '<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></s:svg>'}), R.ACTIVE_CONTENT),
    _case("half an SVG", "a.svg", lambda: b"<svg onload=alert(1)>", R.MALFORMED),
    _case("XML with a stylesheet", "a.xml", lambda: f'{XML}<?xml-stylesheet href="evil.xsl"?><a/>'.encode(), R.ACTIVE_CONTENT),
]  # fmt: skip

DOCUMENTS = [
    _case("Word with macros", "a.docx", lambda: make.docx(word__vbaProject_dot_bin=make.ole("VBA")), R.MACROS),
    _case("Word with macros, renamed", "a.docx", lambda: make.zipped({"[Content_Types].xml": _macro_types(), "word/document.xml": "<a/>"}), R.MACROS),
    _case("Word with a template from elsewhere", "a.docx", lambda: make.docx(word___rels__settings_dot_xml_dot_rels=_relations("attachedTemplate", "https://evil.test/a.dotm")), R.ACTIVE_CONTENT),
    _case("Word that starts a program by DDE", "a.docx", lambda: make.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:instrText> DDEAUTO c:\\\\cmd.exe</w:instrText>"}), R.MACROS),
    _case("Word that carries a workbook with macros", "a.docx", lambda: make.docx(word__embeddings__a_dot_xlsm=make.zipped({"[Content_Types].xml": "<Types/>", "xl/vbaProject.bin": b"x"})), R.MACROS),
    _case("OpenDocument with macros", "a.odt", lambda: make.odt(Basic__Standard__Module1_dot_xml="<a/>"), R.MACROS),
    _case("old Word with macros", "a.doc", lambda: make.ole("WordDocument", "Macros", "VBA"), R.MACROS),
    _case("old Excel with a password", "a.xls", lambda: make.ole("EncryptionInfo", "EncryptedPackage"), R.ENCRYPTED),
    _case("a Windows installer", "a.doc", lambda: make.ole("\u4840\u3b3f"), R.UNSUPPORTED_TYPE),
    _case("RTF with an object", "a.doc", lambda: b"{\\rtf1{\\object\\objdata 0105}}", R.MACROS),
    _case("a PDF with a script", "a.pdf", lambda: make.pdf(b"3 0 obj\n<< /S /JavaScript /JS (app.alert(1)) >>\nendobj"), R.ACTIVE_CONTENT),
    _case("a PDF with a disguised script", "a.pdf", lambda: make.pdf(b"3 0 obj\n<< /S /J#61vaScript >>\nendobj"), R.ACTIVE_CONTENT),
    _case("a PDF with a hidden script", "a.pdf", _hidden_script_pdf, R.ACTIVE_CONTENT),
    _case("a PDF that starts a program", "a.pdf", lambda: make.pdf(b"3 0 obj\n<< /S /Launch /F (cmd.exe) >>\nendobj"), R.ACTIVE_CONTENT),
    _case("a PDF that hides where its objects are", "a.pdf", lambda: make.pdf(make.object_stream(b"8 0 <<>>", head=b"/Type /ObjStm /X (obj)")), R.MALFORMED),
    _case("a PDF that nobody can look into", "a.pdf", lambda: make.pdf(make.object_stream(zlib.compress(b"8 0 <<>>"))), R.ENCRYPTED),
    _case("an encrypted archive", "a.zip", make.encrypted, R.ENCRYPTED),
    _case("a program in an archive", "a.zip", lambda: make.zipped({"readme.txt": "hi", "setup.exe": PROGRAM}), R.EXECUTABLE),
    _case("a program in a tar archive", "a.tgz", lambda: make.gz(make.tar("setup", PROGRAM)), R.EXECUTABLE),
]  # fmt: skip

VIRUSES = [
    _case("EICAR", "eicar.com", lambda: make.EICAR, R.VIRUS),
    _case("EICAR called a text", "notes.txt", lambda: make.EICAR + b"\r\n", R.VIRUS),
    _case("EICAR in an archive", "a.zip", lambda: make.zipped({"a/eicar.txt": make.EICAR}), R.VIRUS),
    _case("EICAR in an archive in an archive", "a.zip", lambda: make.zipped({"b.zip": make.zipped({"e": make.EICAR})}), R.VIRUS),
]  # fmt: skip

CASES = [*POLYGLOTS, *WRONG_EXTENSIONS, *BOMBS, *PATHS, *VECTORS, *DOCUMENTS, *VIRUSES]

NAMES = {
    "../../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "%2e%2e%2fsecret.txt": "secret.txt",
    "invoice\u202efdp.exe": "invoicefdp.exe",
    "a.txt\x00.exe": "a.txt.exe",
    "x\r\nSet-Cookie: a=b": "xSet-Cookie_ a=b",
    "NUL.txt": "_NUL.txt",
    "a" * 400 + ".txt": "a" * 196 + ".txt",
    "notes.txt::$DATA": "notes.txt__$DATA",
}
"""Names that lead elsewhere or deceive, with harmless content: they are kept under what is left of them."""

HARMLESS = [
    _case("a text", "a.txt", lambda: b"Hello, world.\n", "text/plain"),
    _case("a text in UTF-16", "a.txt", lambda: "\ufeffGr\u00fc\u00dfe\n".encode("utf-16-le"), "text/plain"),
    _case("a text of an older code page", "a.txt", lambda: "Grüße\n".encode("cp1252"), "text/plain"),
    _case("a program's text that is no program", "run.bat", lambda: b"@echo off\r\ndel *\r\n", "text/plain"),
    _case("a text that begins as programs do", "a.txt", lambda: b"MZ is how programs for DOS begin.", "text/plain"),
    _case("a text about PDFs", "a.txt", lambda: b"A PDF begins with %PDF-1.7 and ends with %%EOF.", "text/plain"),
    _case("Markdown with a tag in it", "a.md", lambda: b"# Title\n\nUse `<script>` with care.\n", "text/markdown"),
    _case("a table", "a.csv", lambda: b"name,city\nAda,London\n", "text/csv"),
    _case("JSON", "a.json", lambda: b'{"a": [1, 2]}', "application/json"),
    _case("JSON in lines", "a.jsonl", lambda: b'{"a": 1}\n{"a": 2}\n{"a": 3}\n', "application/jsonl"),
    _case("XML", "a.xml", lambda: f"{XML}<a><b>1</b></a>".encode(), "application/xml"),
    _case("an SVG", "a.svg", lambda: make.svg('<style>.a{fill:url(#g)}</style><a href="https://example.com/"><circle r="1"/></a>'), "image/svg+xml"),
    _case("an SVG with its usual document type", "a.svg", lambda: make.svg(before=f'{XML}<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'), "image/svg+xml"),
    _case("a PNG called a text", "a.txt", make.png, "image/png"),
    _case("a GIF", "a.gif", make.gif, "image/gif"),
    _case("a JPEG", "a.jpg", make.jpeg, "image/jpeg"),
    _case("a JPEG with another behind it, as phones make them", "a.jpg", lambda: make.jpeg() + make.jpeg(), "image/jpeg"),
    _case("a WebP", "a.webp", make.webp, "image/webp"),
    _case("an AVIF", "a.avif", lambda: make.mp4(b"avif"), "image/avif"),
    _case("a film", "a.mp4", make.mp4, "video/mp4"),
    _case("a sound", "a.wav", make.wav, "audio/wav"),
    _case("an MP3", "a.mp3", make.mp3, "audio/mpeg"),
    _case("an Ogg", "a.ogg", make.ogg, "audio/ogg"),
    _case("a FLAC", "a.flac", make.flac, "audio/flac"),
    _case("a WebM", "a.webm", lambda: b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + b"\xff\0" * 9, "video/webm"),
    _case("a PDF", "a.pdf", make.pdf, "application/pdf"),
    _case("a PDF with packed objects", "a.pdf", lambda: make.pdf(make.object_stream(b"8 0 << /Type /Font >>")), "application/pdf"),
    _case("Word", "a.docx", make.docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    _case("OpenDocument", "a.odt", make.odt, "application/vnd.oasis.opendocument.text"),
    _case("old Word", "a.doc", lambda: make.ole("WordDocument"), "application/msword"),
    _case("RTF", "a.rtf", lambda: b"{\\rtf1 Hello}", "application/rtf"),
    _case("an archive", "a.zip", lambda: make.zipped({"a.txt": "hi", "b/c.png": make.png(), "d.bin": b"\0\1\2"}, comment=b"hi"), "application/zip"),
    _case("a tar archive, packed", "a.tgz", lambda: make.gz(make.tar()), "application/gzip"),
    _case("a tar archive", "a.tar", make.tar, "application/x-tar"),
    _case("a packed text", "a.gz", lambda: make.gz(b"hello\n" * 100), "application/gzip"),
    _case("a Parquet", "a.parquet", make.parquet, "application/vnd.apache.parquet"),
]  # fmt: skip
