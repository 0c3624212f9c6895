"""What may become of a submission, and what derived ids and means are."""

import pytest

from shared.domain import store
from shared.domain.store import Action, EventType, Figures, SubmissionStatus

ALLOWED = {
    (Action.APPROVE, SubmissionStatus.PENDING_REVIEW): SubmissionStatus.APPROVED,
    (Action.REJECT, SubmissionStatus.PENDING_REVIEW): SubmissionStatus.REJECTED,
    (Action.WITHDRAW, SubmissionStatus.PENDING_REVIEW): SubmissionStatus.WITHDRAWN,
    (Action.WITHDRAW, SubmissionStatus.APPROVED): SubmissionStatus.WITHDRAWN,
    (Action.WITHDRAW, SubmissionStatus.TAKEN_DOWN): SubmissionStatus.WITHDRAWN,
    (Action.TAKE_DOWN, SubmissionStatus.APPROVED): SubmissionStatus.TAKEN_DOWN,
    (Action.RESTORE, SubmissionStatus.TAKEN_DOWN): SubmissionStatus.APPROVED,
}


@pytest.mark.parametrize("status", SubmissionStatus)
@pytest.mark.parametrize("action", Action)
def test_only_what_waits_is_reviewed_and_what_is_rejected_stays_so(action: Action, status: SubmissionStatus) -> None:
    assert store.follow(action, status) == ALLOWED.get((action, status))


def test_the_mean_is_that_of_all_ratings_and_none_without_any() -> None:
    assert Figures().rating is None
    assert Figures(rating_count=3, rating_sum=13).rating == pytest.approx(13 / 3)


def test_ids_follow_from_what_they_belong_to() -> None:
    assert store.listing_id("g") == store.listing_id("g") != store.listing_id("h")
    ids = {
        store.rating_id("l", "u"),
        store.rating_id("l", "v"),
        store.rating_id("m", "u"),
        store.download_id("l", "u"),
    }
    assert len(ids) == 4


def test_the_same_event_has_the_same_id_and_its_next_time_another() -> None:
    first = store.event_id(EventType.LISTING_FEATURED, "l", 1)
    assert first == store.event_id(EventType.LISTING_FEATURED, "l", 1)
    assert first != store.event_id(EventType.LISTING_FEATURED, "l", 2)
    assert first != store.event_id(EventType.LISTING_UNFEATURED, "l", 1)


def test_a_deleted_rating_says_nothing_and_can_be_written_over() -> None:
    gone = store.Rating.gone("r", 3, "fence")
    assert (gone.stars, gone.user_id, gone.listing_id, gone.comment) == (0, "", "", "")
    assert (gone.id, gone.revision, gone.fence) == ("r", 3, "fence")
