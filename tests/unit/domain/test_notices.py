"""Every kind of notice has its words, and needs the details that they name."""

from datetime import UTC, datetime

import pytest

from shared.domain import notices
from shared.domain.notices import Kind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made(kind: Kind, *causes: str, **changes: str) -> notices.Notice:
    details = dict.fromkeys(notices.needed(kind), "x") | changes
    return notices.of(kind, *causes, at=NOW, user_id="ann", **details)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_said(kind: Kind) -> None:
    notice = made(kind, "cause")
    said = [say(kind, notice.details) for say in (notices.title, notices.text, notices.path)]
    assert all("{" not in text for text in said)
    assert said[0]
    assert said[2].startswith("/")


def test_the_same_cause_is_the_same_notice_and_another_is_another() -> None:
    assert made(Kind.RATING_RECEIVED, "a", "b").id == made(Kind.RATING_RECEIVED, "a", "b", rating="5").id
    ids = {made(kind, *causes).id for kind in Kind for causes in (("a",), ("b",), ("a", "b"))}
    assert len(ids) == 3 * len(Kind)


def test_what_its_words_name_may_not_be_missing() -> None:
    with pytest.raises(ValueError, match="lacks listing_id, rating"):
        notices.of(Kind.RATING_RECEIVED, "a", at=NOW, user_id="ann", title="x")


@pytest.mark.parametrize(("user_id", "audience"), [("", None), ("ann", ("listing", "l"))])
def test_it_concerns_one_or_an_audience(user_id: str, audience: tuple[str, str] | None) -> None:
    details = dict.fromkeys(notices.needed(Kind.UPDATE_OFFERED), "x")
    with pytest.raises(ValueError, match="user_id or an audience"):
        notices.of(Kind.UPDATE_OFFERED, "a", at=NOW, user_id=user_id, audience=audience, **details)


def test_each_of_an_audience_gets_a_notice_of_their_own() -> None:
    details = dict.fromkeys(notices.needed(Kind.UPDATE_OFFERED), "x")
    notice = notices.of(Kind.UPDATE_OFFERED, "a", at=NOW, audience=("listing", "l"), **details)
    ann, bob = (notices.for_each(notice, user_id) for user_id in ("ann", "bob"))
    assert (ann.user_id, ann.audience, ann.details) == ("ann", None, notice.details)
    assert len({notice.id, ann.id, bob.id}) == 3
    assert notices.for_each(notice, "ann") == ann


def test_a_long_detail_is_cut_and_what_is_said_with_braces_stays() -> None:
    notice = made(Kind.SUBMISSION_REJECTED, "a", reason="{title}" * 1000)
    text = notices.text(notice.kind, notice.details)
    assert len(text) == notices.MAX_DETAIL
    assert text.startswith("{title}{title}")
