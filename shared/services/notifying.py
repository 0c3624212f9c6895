"""A notice reaches one person: what do they see, and what is sent to them? All of it in one commit.

The notification is created under the notice's id, so of two who deliver the same notice one finds it there, and
changes nothing.
"""

from shared.domain.graph import UserId
from shared.domain.notices import Notice
from shared.firestore import client, commits, notifications, users
from shared.services.world import World


async def deliver(world: World, notice: Notice) -> None:
    """Nobody is told where the account is gone."""
    if not users.is_id(notice.user_id) or await users.find(UserId(notice.user_id)) is None:
        return
    one = notifications.Notification(
        id=notice.id,
        user_id=notice.user_id,
        kind=notice.kind,
        details=notice.details,
        boxes=[notifications.ALL, notifications.UNREAD],
        at=notice.at,
        created_at=world.now(),
    )
    await commits.commit(client.client(), [notifications.new(one)])
