"""Is everything that is sealed wrapped anew when the key changes? Else it is lost with the old one."""

from repository import ROOT

from shared.firestore import sealed


def test_every_collection_with_something_sealed_is_named() -> None:
    modules = (ROOT / "shared" / "firestore").glob("*.py")
    holders = {one.stem for one in modules if "    sealed: Mapping" in one.read_text(encoding="utf-8")}
    assert holders - {"sealed"} == set(sealed.COLLECTIONS)
