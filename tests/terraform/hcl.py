"""What do the Terraform files say? Parsed by python-hcl2, without a provider or an account; and what the module that
has no resources computes, by Terraform itself."""

import functools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"

needs_terraform = pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``resource "google_x" "name" {…}``: kind, type, name, body. Texts in the body are without their quotes,
    expressions are ``${…}``; a nested block is a dict with ``__is_block__``, in a list."""

    kind: str
    type: str
    name: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


def files() -> list[Path]:
    return sorted(TERRAFORM.rglob("*.tf"))


@functools.cache
def _parsed(path: Path) -> dict[str, Any]:
    import hcl2  # builds a parser, which only a process that reads such files needs

    return _plain(hcl2.loads(path.read_text(encoding="utf-8")))


def _plain(value: Any) -> Any:
    match value:
        case str():
            return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {
                _plain(name): _plain(one) for name, one in value.items() if not str(name).startswith("__comments")
            }
        case _:
            return value


def blocks(kind: str, folder: Path = TERRAFORM) -> list[Block]:
    """All resources (or data) of the files of one folder."""
    found: list[Block] = []
    for path in files():
        if path.parent != folder:
            continue
        for entry in _parsed(path).get(kind, []):
            for type_, named in entry.items():
                if type_ != "__is_block__":
                    found += [Block(kind=kind, type=type_, name=name, body=body) for name, body in _named(named)]
    return found


def _named(named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, body) for name, body in named.items() if name != "__is_block__")


def resources(type_: str) -> dict[str, Mapping[str, Any]]:
    """Name -> body of the resources of a type."""
    return {block.name: block.body for block in blocks("resource") if block.type == type_}


def values(kind: str) -> dict[str, Any]:
    """Name -> value of all ``locals``."""
    found: dict[str, Any] = {}
    for path in files():
        if path.parent == TERRAFORM:
            for entry in _parsed(path).get(kind, []):
                found |= dict(_named(entry))
    return found


def text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in files())


@functools.cache
def computed() -> Mapping[str, Any]:
    """The outputs of ``terraform/manifest``."""
    names = [
        name
        for path in (TERRAFORM / "manifest").glob("*.tf")
        for entry in _parsed(path).get("output", [])
        for name, _ in _named(entry)
    ]
    values = {
        entry: body["value"] for path in (TERRAFORM / "manifest").glob("*.tf") for entry, body in _outputs(path)
    }
    asked = ", ".join(f"{name} = {values[name].removeprefix('${').removesuffix('}')}" for name in names)
    return evaluated(f"{{ {asked} }}")


def evaluated(expression: str) -> Any:
    """What Terraform computes of an expression, which may name what ``terraform/manifest`` has. Each call has a state
    of its own: that of the folder is locked while another process asks."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["terraform", f"-chdir={TERRAFORM / 'manifest'}", "console", f"-state={folder}/state"],
            input=f"jsonencode({' '.join(expression.split())})\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(json.loads(done.stdout.strip().splitlines()[-1]))


def _outputs(path: Path) -> Iterator[tuple[str, Any]]:
    for entry in _parsed(path).get("output", []):
        yield from _named(entry)
