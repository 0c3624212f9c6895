"""Which keys and lists can a firing still send into?"""

import pytest

from shared.domain import pairing, sending
from shared.domain.labels import LIST, WAY, Key, Label
from shared.domain.pairing import Held


def _item(*ordinals: int) -> Label:
    return tuple((ordinal, LIST) for ordinal in ordinals)


def _held(pin: str, label: Label) -> Held:
    return Held(id="token", gate="g", pin=pin, label=label, link=0)


@pytest.mark.parametrize(
    ("label", "wanted", "can"),
    [
        ((), (), True),
        ((), _item(3), True),
        (_item(1), _item(1), True),
        (_item(1), _item(1, 2), True),
        (_item(1), _item(2), False),
        (_item(1), (), False),
        (_item(0), (), True),
        (_item(0, 0), (), True),
        (_item(0, 1), (), False),
        (((5, WAY),), (), True),
        (((1, LIST), (5, WAY)), (), False),
        (((1, LIST), (2, 7)), (), True),
    ],
)
def test_a_firing_can_make_tokens_under_its_label_and_after_a_turn_any(label: Label, wanted: Label, can: bool):
    assert sending.can_make(label, Key(wanted)) is can


@pytest.mark.parametrize(
    ("label", "group"),
    [
        ((), ()),
        (_item(4), ()),
        (_item(4, 2), _item(4)),
        (((4, LIST), (1, WAY), (2, LIST), (3, WAY)), ((4, LIST), (1, WAY))),
        (((1, 3),), ()),
    ],
)
def test_a_token_belongs_to_the_list_that_it_was_emitted_into(label: Label, group: Label):
    assert sending.group(label) == group
    assert pairing.list_of(_held("item", label)) == group


def test_a_mark_belongs_to_the_list_that_it_opens():
    assert pairing.list_of(_held("", _item(4))) == _item(4)
