"""Is it decided for every collection whose it is? So that an export tells of all, and a deletion leaves nothing."""

import ast
import re
from collections.abc import Iterator

from repository import ROOT, modules

from shared.firestore import belongings
from shared.firestore.belongings import BELONGINGS, OF_NOBODY

NAMING = {"collection", "collection_group", "Collection"}
SECRET = re.compile(r"hash|sealed|secret|token|wrapped|cipher|nonce|password|claim_id|lease|fence")
"""Parts of the names of fields that an export never has."""

REMEDY = (
    "say in shared/firestore/belongings.py whose they are: an entry in BELONGINGS (the field with the id of their "
    "user, the fields that an export tells, what lies under them), or a reason in OF_NOBODY. Then an account's "
    "export and deletion take care of them; tests/functions/test_functions_account.py proves it of every entry."
)


def _named() -> set[str]:
    """Collections that the code names where it makes a reference to one."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules("shared", "functions"))
    return {name for tree in trees for node in ast.walk(tree) for name in _name(node)}


def _name(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(attr=attr), args=[ast.Constant(value=str(name)), *_]) if attr in NAMING:
            yield name
        case _:
            return


def _decided() -> list[str]:
    return [name for one in BELONGINGS for name in (one.collection, *one.under)] + list(OF_NOBODY)


def test_it_is_decided_for_every_collection_whose_it_is() -> None:
    undecided = _named() - set(_decided())
    assert not undecided, f"collections of which nobody says whose they are: {sorted(undecided)}; {REMEDY}"


def test_nothing_is_decided_of_a_collection_that_is_not_there() -> None:
    assert set(_decided()) - _named() == set()


def test_each_is_decided_once() -> None:
    assert len(_decided()) == len(set(_decided()))


def test_nothing_secret_is_told() -> None:
    told = {f"{one.collection}.{name}" for one in BELONGINGS for name in one.told}
    told |= {
        f"{one.collection}.{sub}.{name}" for one in BELONGINGS for sub, names in one.under.items() for name in names
    }
    assert {name for name in told if SECRET.search(name.rpartition(".")[2])} == set()


def test_the_user_goes_last() -> None:
    assert BELONGINGS[-1].by == belongings.BY_NAME


def test_what_is_told_are_fields_that_somebody_writes() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in modules("shared"))
    texts = texts.replace((ROOT / "shared/firestore/belongings.py").read_text(encoding="utf-8"), "")
    told = {name for one in BELONGINGS for name in one.told}
    assert {name for name in told if name not in texts} == set()


def test_what_is_nobodys_has_a_reason() -> None:
    assert all(OF_NOBODY.values())
