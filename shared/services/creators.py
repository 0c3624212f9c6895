"""Who made an agent? As everybody may see them: a name and a picture, never the e-mail."""

from dataclasses import replace

from shared.domain.graph import UserId
from shared.domain.store import Creator, ListingStatus
from shared.firestore import client as firestore
from shared.firestore import commits, listings, users
from shared.services import shelving

NAMELESS = "Nameless"
_BATCH = 50


async def of(user_id: str) -> Creator:
    """What their profile shows now."""
    user = await users.find(UserId(user_id))
    return Creator(
        id=user_id, name=(user.name if user else "") or NAMELESS, picture=(user.picture if user else "") or ""
    )


async def changed(user_id: str) -> None:
    """Their profile has another name or picture: so have their listings. One that changes meanwhile takes the new
    ones with its next approval."""
    creator, after = await of(user_id), None
    while found := await listings.of_creator(user_id, after, _BATCH):
        for one in found:
            if one.creator == creator:
                continue
            made = replace(one, creator=creator, revision=one.revision + 1)
            shown = one.status is ListingStatus.APPROVED
            writes = [listings.write(made), *(await shelving.written(made) if shown else ())]
            await commits.commit(firestore.client(), writes)
        after = found[-1].id
