"""Whom does a notice concern that names nobody? All who have something in common, page after page.

``AUDIENCES`` says who they are: what they have in common -> a function that gives the ids of the next of them, after
one, in ascending order, at most so many. Each page is published as notices of its own, and then the rest of the
audience: who dies between the two publishes the page again, which collides with itself.
"""

from collections.abc import Awaitable, Callable, Mapping

from shared.domain import notices
from shared.domain.notices import Notice
from shared.firestore import graphs
from shared.services import events, noticing

PAGE = 200

Members = Callable[[str, str, int], Awaitable[list[str]]]
"""(what they have in common, after whom, at most) -> ids of users."""

AUDIENCES: Mapping[str, Members] = {"listing": graphs.holders}


async def expand(notice: Notice, after: str) -> None:
    """Publish the next page of a notice, and what comes after it. KeyError: there is no such audience."""
    assert notice.audience is not None
    what, id_ = notice.audience
    found = await AUDIENCES[what](id_, after, PAGE)
    each = [notices.for_each(notice, user_id) for user_id in dict.fromkeys(found)]
    messages = [noticing.message(one) for one in each]
    if len(found) == PAGE:
        messages.append(noticing.message(notice, after=found[-1]))
    await events.publish("", messages)
