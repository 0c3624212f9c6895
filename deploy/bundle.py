"""What is uploaded? ``python -m deploy.bundle``: one zip with all functions, named by the hash of its bytes.

Every function runs from the same zip and differs in ``GOOGLE_FUNCTION_SOURCE`` and its entry point. The buildpack
checks that the file is there, and starts the console script ``functions-framework``, which puts the folder of that
file, and no other, on the path
(https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/lib/lib.go,
``functions_framework/_function_registry.py: load_function_module``). A file inside ``functions/`` could import
neither ``functions`` nor ``shared``; so each function has a small file at the top.

The same sources give the same bytes on every machine: names sorted, no times, and nothing compressed, since another
zlib compresses to other bytes.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[1]
MANIFEST = Path("functions/manifest.yaml")
FOLDERS = ("functions", "shared")
OPERATORS = {"functions/make_admin.py", "functions/openapi.py", "functions/rotate_keys.py"}
"""Commands for people, which no function imports."""
LEFT_OUT = {".md", ".pyc"}
STARTER = '''"""The source of a function, beside the folders that it imports.

What is imported stays: the collector is off while nothing can be garbage, and never looks at any of it later. So the
worker, which is forked after this, shares that memory with its parent too (https://docs.python.org/3.11/library/gc.html#gc.freeze).
"""

import gc
import os

gc.disable()
# There are none, and to look for them is to look through every library that is installed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from {module} import {name}  # noqa: E402, F401

gc.freeze()
gc.enable()
'''
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can hold."""


def starter(function: str) -> str:
    """The file that is the source of a function in the bundle."""
    return f"start_{function}.py"


def functions(root: Path = ROOT) -> Mapping[str, Mapping[str, Any]]:
    """The functions of the manifest."""
    content = yaml.safe_load((root / MANIFEST).read_text(encoding="utf-8"))
    return cast(Mapping[str, Mapping[str, Any]], content["functions"])


def files(root: Path = ROOT) -> dict[str, bytes]:
    """Name in the bundle -> content, sorted by name."""
    found = {name: (root / name).read_bytes() for name in _sources(root)}
    found["requirements.txt"] = (root / "requirements.txt").read_bytes()
    for name, entry in functions(root).items():
        found[starter(name)] = _start(entry).encode()
    return dict(sorted(found.items()))


def _sources(root: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            parts = path.relative_to(root).parts
            hidden = any(part.startswith((".", "__pycache__")) for part in parts)
            if path.is_file() and not hidden and path.suffix not in LEFT_OUT and "/".join(parts) not in OPERATORS:
                yield "/".join(parts)


def _start(entry: Mapping[str, Any]) -> str:
    module = str(entry["source"]).removesuffix(".py").replace("/", ".")
    return STARTER.format(module=module, name=entry["entry_point"])


def pack(contents: Mapping[str, bytes]) -> bytes:
    """The zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, whatever this machine is
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def name_of(packed: bytes) -> str:
    return f"bundle-{hashlib.sha256(packed).hexdigest()[:32]}.zip"


def build(folder: Path, root: Path = ROOT) -> Path:
    """Write the bundle into a folder, under its name. Twice the same sources: the same file. Beside it
    ``release.json`` tells the later steps, which read no YAML, what is in it."""
    packed = pack(files(root))
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / name_of(packed)
    written.write_bytes(packed)
    told = {
        name: {"public": entry["public"], "paths": entry.get("paths", [])} for name, entry in functions(root).items()
    }
    (folder / "release.json").write_text(json.dumps({"bundle": written.name, "functions": told}, indent=2) + "\n")
    return written


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.bundle", description="Write the zip of all functions.")
    parser.add_argument("--into", type=Path, default=ROOT / ".dist", help="the folder (.dist)")
    sys.stdout.write(f"{build(parser.parse_args(arguments).into)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
