"""How does every secret come under the current key, while everything runs?"""

from shared.firestore import sealed
from shared.services import vault


async def rewrap_all() -> tuple[int, int]:
    """Wrap every secret that another key than the current one wraps anew: how many those were, and how many there
    are. One that changes meanwhile is sealed with the current key by whoever changes it, or met by the next pass."""
    rewrapped = total = 0
    async for holder in sealed.all_of_them():
        total += 1
        before = vault.Sealed.of(holder.sealed)
        after = await vault.real().rewrap(holder.user_id, holder.place, before)
        if after.key != before.key and await sealed.replace(holder, after.document()):
            rewrapped += 1
    return rewrapped, total
