"""Slack."""

from double import BEARER, Ask, Case

URL = "https://slack.com/api/chat.postMessage"
MESSAGE = {"channel": "#news", "text": "hi", "unfurl_links": True, "mrkdwn": True}

HOOK = "https://hooks.slack.com/services/T00/B00/XXXX"  # pragma: allowlist secret

CASES = [
    Case(
        block="SEND_SLACK_WEBHOOK",
        input={"text": "hi"},
        secret=HOOK,
        asks=[Ask(method="POST", url=HOOK, headers={"authorization": None}, sent={"text": "hi"}, raw=b"ok")],
        tokens=[("status", "ok")],
    ),
    Case(
        block="SEND_SLACK_WEBHOOK",
        title="elsewhere",
        input={"text": "hi"},
        secret="https://hooks.slack.example/services",
        asks=[],
        fails="its credentials go to hooks.slack.com alone",
    ),
    Case(
        block="SEND_SLACK_MESSAGE",
        input={"channel": "#news", "text": "hi", "thread_ts": "1.2"},
        asks=[
            Ask(
                method="POST",
                url=URL,
                headers={"authorization": BEARER},
                sent={**MESSAGE, "thread_ts": "1.2"},
                answer={"ok": True, "channel": "C1", "ts": "1503435956.000247", "message": {}},
            )
        ],
        tokens=[("ts", "1503435956.000247"), ("channel", "C1")],
    ),
    *(
        Case(
            block="SEND_SLACK_MESSAGE",
            title=error,
            input={"channel": "#news", "text": "hi"},
            asks=[Ask(method="POST", url=URL, sent=MESSAGE, answer={"ok": False, "error": error})],
            fails=f"Slack refused the {what}: {error}",
        )
        for error, what in (
            ("channel_not_found", "message"),
            ("invalid_auth", "credentials"),
            ("ratelimited", "message"),
        )
    ),
]
