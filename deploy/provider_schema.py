"""Which arguments does each google resource have? An extract of published bindings, for the tests of ``terraform/``.

    pip download --no-deps cdktf-cdktf-provider-google==16.12.1 cdktf-cdktf-provider-google-beta==16.12.1
    python -m deploy.provider_schema cdktf_cdktf_provider_google-*.whl cdktf_cdktf_provider_google_beta-*.whl

The bindings are generated from the schemas of hashicorp/google and google-beta 6.50.0 and say what those say: which
arguments there are, which must be given, and which are blocks. They are 100 MB; ``provider_schema.json`` has the
types that ``terraform/`` uses. A new type: the command again.
"""

import argparse
import ast
import json
import re
import sys
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXTRACT = Path(__file__).with_suffix(".json")
NOT_ARGUMENTS = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"}
"""What Terraform itself takes in every resource, and the bindings therefore too."""

_BASES = {"_cdktf_9a9027ec.TerraformResource", "_cdktf_9a9027ec.TerraformDataSource"}
_USED = re.compile(r'^(resource|data) "(google_\w+)"', re.MULTILINE)
_NAMED = re.compile(r":param (\w+): .*?docs/(?:resources|data-sources)/\w+#(\w+) ")


def used(terraform: Path) -> set[tuple[str, str]]:
    """(resource or data, type) of what a folder of Terraform files describes."""
    return {found for path in terraform.rglob("*.tf") for found in _USED.findall(path.read_text(encoding="utf-8"))}


def extract(wheels: Sequence[Path], types: set[tuple[str, str]]) -> dict[str, Any]:
    """``{"resource": {type: {"beta"?: true, "block": block}}, "data": …}``; a block is ``{argument: {"required"?:
    true, "block"?: block, "many"?: true}}``. The first wheel that has a type says what it is. LookupError: none."""
    found: dict[str, Any] = {"data": {}, "resource": {}}
    for kind, name in sorted(types):
        module = name.removeprefix("google_") if kind == "resource" else f"data_{name}"
        wheel, tree = _module(wheels, module)
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        (described,) = (node for node in classes.values() if _BASES & {ast.unparse(base) for base in node.bases})
        entry: dict[str, Any] = {"block": _block(described, classes, NOT_ARGUMENTS)}
        found[kind][name] = entry | ({"beta": True} if "beta" in wheel.name else {})
    return found


def _module(wheels: Sequence[Path], module: str) -> tuple[Path, ast.Module]:
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.split("/")[1:] in (
                    [module, "__init__.py"],
                    [f"google_{module}", "__init__.py"],
                    [module.replace("data_google_", "data_google_beta_"), "__init__.py"],
                ):
                    return wheel, ast.parse(archive.read(name))
    raise LookupError(f"no provider has {module}")


def _block(
    described: ast.ClassDef, classes: dict[str, ast.ClassDef], left_out: Collection[str] = ()
) -> dict[str, Any]:
    made = next(node for node in described.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    names = dict(_NAMED.findall(ast.get_docstring(made, clean=False) or ""))
    arguments: dict[str, Any] = {}
    for argument, default in zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True):
        if argument.arg in left_out:
            continue
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        entry: dict[str, Any] = {} if default else {"required": True}
        nested = [name for name in re.findall(r"'(\w+)'", annotation) if name in classes]
        if nested:
            entry["block"] = _block(classes[nested[0]], classes)
            if "Sequence" in annotation:
                entry["many"] = True
        arguments[names.get(argument.arg, argument.arg)] = entry
    return dict(sorted(arguments.items()))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.provider_schema", description="Write the extract.")
    parser.add_argument("wheels", type=Path, nargs="+", help="of the bindings, google's first")
    made = extract(parser.parse_args(arguments).wheels, used(ROOT / "terraform"))
    EXTRACT.write_text(json.dumps(made, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
