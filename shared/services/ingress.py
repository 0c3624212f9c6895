"""An event was reported: whose is it, is it genuine, and which execution does it start?

The execution's id is derived from webhook and event: however often a delivery comes, it starts one. That it was taken
is remembered for longer than the execution may be there: what was overheard starts nothing once its user has deleted
that. The answer comes as soon as both are recorded.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import errors, identity, signatures
from shared.domain.signatures import SignatureError
from shared.firestore import graphs, webhooks
from shared.firestore.webhooks import Webhook
from shared.services import executions, owners, vault
from shared.services.world import World

MAX_KEPT = 1_000
"""Secrets of webhooks that this instance holds open, so that not each event asks the key service."""

_secrets: OrderedDict[tuple[str, str], str] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """``execution_id``: of the execution that the event started, now or before; None: it is no event, the sender
    tries whether somebody listens. ``challenge``: what it wants to hear then."""

    execution_id: str | None = None
    challenge: str = ""


async def take(world: World, id_: str, headers: Mapping[str, str], body: bytes, parse: Callable[[], Any]) -> Taken:
    """``parse`` gives what is in the body, or raises InvalidArgument. NotFound: there is no such webhook, or it is
    inactive; Unauthenticated: the delivery is not genuine; InvalidArgument: the graph cannot be executed with it."""
    webhook = await webhooks.documents.find(id_) if graphs.is_id(id_) else None
    if webhook is None or not webhook.is_active:
        raise errors.NotFound(f"There is no webhook {id_[:64]}.", reason="WEBHOOK_NOT_FOUND")
    try:
        event = signatures.event(webhook.provider, await _secret(webhook), headers, body, world.now())
    except SignatureError as error:
        raise errors.Unauthenticated(str(error), reason="BAD_SIGNATURE") from error
    payload = parse()
    if challenge := _challenge(webhook, payload):
        return Taken(challenge=challenge)
    if _is_ping(webhook, payload):
        return Taken()
    id_ = identity.derive(webhook.id, "event", event)
    if not await webhooks.has_taken(webhook.id, id_):
        caller = await owners.caller(webhook.user_id, "agent.create")
        given = {**webhook.input_data, webhook.input_name: payload}
        await executions.start(world, caller, webhook.graph_id, id_, given, "background", webhook.credentials)
        await webhooks.take(webhook.id, id_, world.now())
    return Taken(execution_id=id_)


async def _secret(webhook: Webhook) -> str:
    key = (webhook.id, webhook.fence)
    if key not in _secrets:
        sealed = vault.Sealed.of(webhook.sealed)
        opened = await vault.real().open(webhook.user_id, webhooks.place(webhook.id), sealed)
        _secrets[key] = opened.decode()
        if len(_secrets) > MAX_KEPT:
            _secrets.popitem(last=False)
    return _secrets[key]


def _challenge(webhook: Webhook, payload: Any) -> str:
    """Slack asks so whether the address is right (https://docs.slack.dev/reference/events/url_verification)."""
    if webhook.provider != "slack" or not isinstance(payload, Mapping):
        return ""
    fields = cast(Mapping[str, Any], payload)
    challenge = fields.get("challenge")
    return challenge if fields.get("type") == "url_verification" and isinstance(challenge, str) else ""


def _is_ping(webhook: Webhook, payload: Any) -> bool:
    """GitHub sends one whenever a webhook is made there
    (https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping). Judged by what is signed."""
    return webhook.provider == "github" and isinstance(payload, Mapping) and {"zen", "hook_id"} <= payload.keys()
