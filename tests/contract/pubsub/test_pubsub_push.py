"""Messages reach push endpoints as Pub/Sub pushes them."""

import asyncio
import base64

import jwt
import pytest
from starlette.responses import Response

TOPIC = "projects/p/topics/events"
DEAD = "projects/p/topics/dead"
SUBSCRIPTION = "projects/p/subscriptions/watch"
FUNCTION_URL = "https://us-central1-weftly-local.cloudfunctions.net/on_event"


def data(push) -> bytes:
    return base64.b64decode(push.message.get("data", ""))


def subscribe(cloud, url: str, name: str = SUBSCRIPTION, **settings) -> None:
    cloud.service.ensure_push_subscription(name, TOPIC, url, "push@p.iam.gserviceaccount.com", **settings)


async def nothing_left(cloud, name: str = SUBSCRIPTION) -> None:
    """Until the subscription has acknowledged everything."""
    backlog = cloud.service._broker.backlogs[name]
    async with asyncio.timeout(10):
        while backlog._entries:
            await asyncio.sleep(0.002)


async def test_a_message_is_pushed_in_the_standard_wrapper(cloud, endpoint):
    subscribe(cloud, endpoint.url + "/hook")
    (message_id,) = await cloud.publish(b"hello", attributes={"kind": "greeting"})
    (push,) = await endpoint.pushed(1)
    assert push.path == "/hook"
    assert push.headers["content-type"] == "application/json"
    assert data(push) == b"hello"
    assert push.message["attributes"] == {"kind": "greeting"}
    assert push.message["messageId"] == push.message["message_id"] == message_id
    assert push.message["publishTime"] == push.message["publish_time"]
    assert push.message["publishTime"].endswith("Z")
    assert b'"subscription":"projects/p/subscriptions/watch"' in push.body
    assert b"deliveryAttempt" not in push.body
    await nothing_left(cloud)


async def test_the_token_says_who_pushes_and_to_whom(cloud, endpoint):
    cloud.routes.register("on_event", endpoint.url)
    subscribe(cloud, FUNCTION_URL)
    await cloud.publish(b"x")
    (push,) = await endpoint.pushed(1)
    token = push.headers["authorization"].removeprefix("Bearer ")
    key = jwt.PyJWK(cloud.identity.jwks()["keys"][0])
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=FUNCTION_URL)
    assert claims["email"] == "push@p.iam.gserviceaccount.com"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_these_answers_acknowledge(cloud, endpoint, status):
    endpoint.answer = lambda _push, _number: Response(status_code=status)
    subscribe(cloud, endpoint.url)
    await cloud.publish(b"x")
    await endpoint.pushed(1)
    await nothing_left(cloud)


@pytest.mark.parametrize("status", [203, 400, 500])
async def test_any_other_answer_brings_the_message_again(cloud, endpoint, status):
    endpoint.answer = lambda _push, number: Response(status_code=status if number == 1 else 204)
    subscribe(cloud, endpoint.url)
    (message_id,) = await cloud.publish(b"x")
    first, second = await endpoint.pushed(2)
    assert first.message["messageId"] == second.message["messageId"] == message_id
    await nothing_left(cloud)


async def test_an_endpoint_that_is_not_up_gets_the_message_when_it_is(cloud, endpoint):
    subscribe(cloud, FUNCTION_URL)
    await cloud.publish(b"x")
    cloud.routes.register("on_event", endpoint.url)
    await endpoint.pushed(1)


async def test_what_was_not_delivered_is_pushed_after_a_restart(cloud, endpoint):
    hang = asyncio.Event()

    async def answer(_push, _number):
        await hang.wait()
        return Response(status_code=500)

    endpoint.answer = answer
    subscribe(cloud, endpoint.url)
    ids = set(await cloud.publish(b"1", b"2", b"3"))
    await endpoint.pushed(1)
    await cloud.stop()
    hang.set()
    endpoint.pushes.clear()
    endpoint.answer = lambda _push, _number: Response(status_code=204)
    await cloud.start()
    await endpoint.pushed(3)
    assert {push.message["messageId"] for push in endpoint.pushes} == ids
    await nothing_left(cloud)


async def test_a_filter_keeps_other_messages_out(cloud, endpoint):
    subscribe(cloud, endpoint.url, message_filter='attributes.kind = "a"')
    await cloud.publish(b"b", attributes={"kind": "b"})
    await cloud.publish(b"a", attributes={"kind": "a"})
    assert data((await endpoint.pushed(1))[0]) == b"a"
    await nothing_left(cloud)
    assert len(endpoint.pushes) == 1


async def test_messages_of_a_key_come_in_order_and_one_after_the_other(cloud, endpoint):
    running = 0

    async def answer(push, number):
        nonlocal running
        assert running == 0
        running += 1
        await asyncio.sleep(0)
        running -= 1
        return Response(status_code=500 if number == 3 else 204)

    endpoint.answer = answer
    subscribe(cloud, endpoint.url, enable_message_ordering=True)
    await cloud.publish(*(str(n).encode() for n in range(6)), ordering_key="k")
    await endpoint.pushed(7)
    assert [data(push) for push in endpoint.pushes] == [b"0", b"1", b"2", b"2", b"3", b"4", b"5"]
    assert endpoint.pushes[0].message["orderingKey"] == "k"


async def test_a_message_nobody_takes_goes_to_the_dead_letter_topic(cloud, endpoint):
    cloud.service.ensure_topic(DEAD)
    cloud.service.ensure_push_subscription("projects/p/subscriptions/dead", DEAD, endpoint.url + "/dead", "")
    subscribe(cloud, endpoint.url, dead_letter_topic=DEAD, min_backoff_seconds=0.001)
    endpoint.answer = lambda push, _number: Response(status_code=204 if push.path == "/dead" else 500)
    await cloud.publish(b"x", attributes={"mine": "1"})
    pushes = await endpoint.pushed(6)
    assert [push.path for push in pushes] == ["/"] * 5 + ["/dead"]
    assert b'"deliveryAttempt":5' in pushes[4].body
    attributes = pushes[5].message["attributes"]
    assert attributes["mine"] == "1"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] == "watch"
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    await nothing_left(cloud)


async def test_each_subscription_gets_the_message(cloud, endpoint):
    for name in ("one", "two"):
        subscribe(cloud, f"{endpoint.url}/{name}", name=f"projects/p/subscriptions/{name}")
    await cloud.publish(b"x")
    assert {push.path for push in await endpoint.pushed(2)} == {"/one", "/two"}


async def test_ensure_takes_over_a_new_endpoint_and_keeps_the_backlog(cloud, endpoint):
    subscribe(cloud, FUNCTION_URL)
    await cloud.publish(b"x")
    subscribe(cloud, endpoint.url + "/new")
    assert (await endpoint.pushed(1))[0].path == "/new"


async def test_without_a_wrapper_the_body_is_the_data(cloud, endpoint):
    config = {"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}}
    await cloud.subscribe(push_config=config)
    (message_id,) = await cloud.publish(b"raw", attributes={"kind": "a"})
    (push,) = await endpoint.pushed(1)
    assert push.body == b"raw"
    assert push.headers["x-goog-pubsub-message-id"] == message_id
    assert push.headers["kind"] == "a"


async def test_a_push_subscription_turned_to_pull_pushes_no_more(cloud, endpoint):
    await cloud.subscribe(push_config={"push_endpoint": endpoint.url})
    await cloud.subscriber.modify_push_config(subscription=SUBSCRIPTION, push_config={})
    await cloud.publish(b"x")
    (received,) = await cloud.pull()
    assert received.message.data == b"x"
    assert endpoint.pushes == []
