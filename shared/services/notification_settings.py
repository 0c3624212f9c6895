"""How does a user want to be told? Channels for each kind of notice, digests, and their time zone."""

from dataclasses import replace
from typing import Any

from shared.domain import channels, cron
from shared.domain.channels import WEEKDAYS, Channel, Frequency
from shared.domain.fields import Fields
from shared.domain.notices import Kind
from shared.domain.permissions import Caller
from shared.firestore import notification_settings as store
from shared.firestore.notification_settings import Settings
from shared.services import bodies, etags
from shared.services.world import World

CHANGEABLE = ("channels", "frequency", "hour", "weekday", "timezone")


async def get(world: World, caller: Caller) -> dict[str, Any]:
    return view(await _found(world, caller))


async def update(world: World, caller: Caller, raw: Any, expected: frozenset[str] | None) -> dict[str, Any]:
    """Change what ``raw`` names; of ``channels`` the kinds and channels that it names. InvalidArgument with every
    violation; EtagMismatch."""
    body = bodies.read(raw)
    for _ in range(etags.ATTEMPTS):
        old = await _found(world, caller)
        etags.check(expected, etags.etag(old.fence), "the preferences")
        made = _changed(world, old, body)
        if await (store.documents.update(made) if old.fence else store.documents.create(made)):
            return view(await _found(world, caller))
    raise etags.contended("the preferences")


async def _found(world: World, caller: Caller) -> Settings:
    found = await store.documents.find(caller.user_id)
    return found or store.of_nobody(caller.user_id, world.now())


def _changed(world: World, old: Settings, raw: bodies.Raw) -> Settings:
    fields = Fields()
    fields.only(raw, CHANGEABLE)
    hour = fields.integer(raw, "hour", least=0, most=23)
    made = replace(
        old,
        channels=_channels(fields, raw, old),
        frequency=Frequency(_one_of(fields, raw, "frequency", list(Frequency), old.frequency)),
        hour=old.hour if hour is None else hour,
        weekday=_one_of(fields, raw, "weekday", WEEKDAYS, old.weekday),
        timezone=fields.text(raw, "timezone", most=100) or old.timezone,
        updated_at=world.now(),
    )
    if not cron.is_zone(made.timezone):
        fields.wrong("timezone", "There is no such time zone; name one of IANA's, such as Europe/Berlin.")
    bodies.refuse(fields, "The preferences are")
    timed = (made.frequency, made.hour, made.weekday, made.timezone)
    if timed != (old.frequency, old.hour, old.weekday, old.timezone) or not old.fence:
        made = replace(made, digest_at=channels.next_digest(*timed, world.now()))
    return made


def _one_of(fields: Fields, raw: bodies.Raw, name: str, known: Any, old: str) -> str:
    text = fields.text(raw, name, most=20) or old
    if text not in known:
        fields.wrong(name, f"It must be one of {', '.join(known)}.")
        return old
    return text


def _channels(fields: Fields, raw: bodies.Raw, old: Settings) -> dict[str, dict[str, bool]]:
    made = {kind: dict(chosen) for kind, chosen in old.channels.items()}
    asked = fields.object(raw, "channels", "")
    fields.only(asked, list(Kind), "channels")
    for kind in [kind for kind in Kind if asked.get(kind) is not None]:
        place = f"channels.{kind}"
        chosen = fields.object(asked, kind, "channels")
        fields.only(chosen, list(Channel), place)
        for channel in [channel for channel in Channel if chosen.get(channel) is not None]:
            made.setdefault(kind, {})[channel] = fields.flag(chosen, channel, place)
    return made


def view(settings: Settings) -> dict[str, Any]:
    return {
        "id": settings.user_id,
        "channels": channels.table(settings.channels),
        "frequency": settings.frequency,
        "hour": settings.hour,
        "weekday": settings.weekday,
        "timezone": settings.timezone,
        "next_digest_at": settings.digest_at,
        "etag": etags.etag(settings.fence),
    }
