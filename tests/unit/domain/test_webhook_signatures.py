"""Signatures of webhooks: of the senders' own examples, and of those who would like to be taken for them."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import signatures
from shared.domain.signatures import SignatureError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BODY = b'{"id": "evt_1", "event_id": "Ev1", "text": "hello"}'
SECRET = "It's a Secret to Everybody"


def mac(text: bytes) -> str:
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def signed(provider: str, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
    """What a sender would send."""
    moment = str(int(at.timestamp()))
    match provider:
        case "github":
            return {"x-hub-signature-256": f"sha256={mac(body)}"}
        case "stripe":
            return {"stripe-signature": f"t={moment},v1={mac(moment.encode() + b'.' + body)},v0=aa"}
        case "slack":
            return {
                "x-slack-request-timestamp": moment,
                "x-slack-signature": f"v0={mac(b'v0:' + moment.encode() + b':' + body)}",
            }
        case _:
            return signatures.sign(SECRET, "msg_1", at, body)


@pytest.mark.parametrize(
    ("provider", "event"),
    [("standard", "msg_1"), ("github", hashlib.sha256(BODY).hexdigest()), ("stripe", "evt_1"), ("slack", "Ev1")],
)
def test_a_genuine_delivery_names_its_event(provider: str, event: str) -> None:
    assert signatures.event(provider, SECRET, signed(provider), BODY, NOW) == event


@pytest.mark.parametrize("provider", signatures.PROVIDERS)
def test_another_body_another_secret_and_no_signature_are_refused(provider: str) -> None:
    headers = signed(provider)
    for body, secret, sent in (
        (BODY + b" ", SECRET, headers),
        (BODY, "another", headers),
        (BODY, SECRET, {}),
        (BODY, SECRET, dict.fromkeys(headers, "")),
        (BODY, SECRET, dict.fromkeys(headers, "nonsense")),
        (BODY, SECRET, {name: value.replace("v1", "v2").replace("=", "=0", 1) for name, value in headers.items()}),
    ):
        with pytest.raises(SignatureError):
            signatures.event(provider, secret, sent, body, NOW)


@pytest.mark.parametrize("provider", ["standard", "stripe", "slack"])
@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_signed_long_ago_or_ahead_may_be_a_replay(provider: str, minutes: int) -> None:
    with pytest.raises(SignatureError, match="replay"):
        signatures.event(provider, SECRET, signed(provider, at=NOW + timedelta(minutes=minutes)), BODY, NOW)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"id": 5}', b"[" * 100_000])
def test_without_an_id_of_its_own_the_body_tells_an_event_from_another(body: bytes) -> None:
    event = signatures.event("stripe", SECRET, signed("stripe", body), body, NOW)
    assert event == hashlib.sha256(body).hexdigest()


def test_the_example_of_github_holds() -> None:
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert signatures.event("github", SECRET, headers, b"Hello, World!", NOW)


def test_the_example_of_standard_webhooks_holds() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,bm90IHRoZSBvbmU=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert signatures.event("standard", secret, headers, b'{"test": 2432232314}', at) == headers["webhook-id"]


def test_one_of_several_signatures_is_enough() -> None:
    headers = signed("standard")
    headers["webhook-signature"] = f"v1,AAAA v1a,xx {headers['webhook-signature']} v1,???"
    assert signatures.event("standard", SECRET, headers, BODY, NOW) == "msg_1"
