"""How often does Python look for garbage in cycles?

Seldom: what the services keep, such as a minute of Firestore's past, has no cycles, and looking through it again and
again took a tenth of what a write costs. https://docs.python.org/3/library/gc.html#gc.set_threshold
"""

import gc

_OBJECTS = 20_000
"""New objects after which the youngest are looked through; Python's own setting is 700."""


def look_seldom() -> None:
    """Once everything is loaded, which is not looked through any more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)
