"""E2B."""

import base64
import json
from typing import Any

from double import SECRET, Ask, Case

API = "https://api.e2b.app/sandboxes"
API_2 = "https://api.e2b.app/v2/sandboxes"
MACHINE = "https://49999-i3kb1.e2b.app/execute"
KEY = {"x-api-key": SECRET}
TOKEN = {"x-access-token": "of-the-machine", "x-api-key": None}
MADE = {"sandboxID": "i3kb1", "templateID": "t", "envdAccessToken": "of-the-machine", "domain": None}
CLOSED = {**MADE, "trafficAccessToken": "to-the-machine"}
RESULT = {"text": "42", "png": None}


def made(template: str = "code-interpreter-v1", seconds: int = 300) -> Ask:
    return Ask(
        method="POST",
        url=API_2,
        headers=KEY,
        sent={"templateID": template, "timeout": seconds},
        status=201,
        answer=MADE,
    )


def ran(code: str | None, language: str, *lines: dict[str, Any], headers: dict[str, Any] = TOKEN) -> Ask:
    raw = "\n".join(json.dumps(line) for line in [*lines, {"type": "end_of_execution"}])
    sent = None if code is None else {"code": code, "language": language}
    return Ask(method="POST", url=MACHINE, headers=headers, sent=sent, raw=raw.encode())


GONE = Ask(method="DELETE", url=f"{API}/i3kb1", headers=KEY, status=204)
VALUE = {"type": "result", "is_main_result": True, **RESULT}
PICTURE = {"type": "result", "is_main_result": False, "png": "iVBOR"}
LEFT = [{"path": "/home/user/t.csv", "content": base64.b64encode(b"a,b").decode()}]
FILES = [{"path": "/home/user/t.csv", "name": "t.csv", "size": 3, "content": "data:text/csv;base64,YSxi"}]
FAILED = {"type": "error", "name": "NameError", "value": "x", "traceback": "Traceback: NameError: x"}

CASES = [
    Case(
        block="EXECUTE_CODE",
        input={"code": "6 * 7", "setup_commands": ["pip install numpy"]},
        asks=[
            made(),
            ran("pip install numpy", "bash", {"type": "stdout", "text": "ok\n", "timestamp": 1}),
            ran(
                "6 * 7",
                "python",
                {"type": "stdout", "text": "a\n", "timestamp": 1},
                {"type": "stdout", "text": "b\n", "timestamp": 2},
                {"type": "stderr", "text": "c", "timestamp": 3},
                PICTURE,
                VALUE,
            ),
            ran(None, "python", {"type": "stdout", "text": json.dumps(LEFT), "timestamp": 1}),
            GONE,
        ],
        tokens=[
            ("main_result", RESULT),
            ("results", [{"png": "iVBOR"}, RESULT]),
            ("response", "42"),
            ("stdout_logs", "a\nb\n"),
            ("stderr_logs", "c"),
            ("files", FILES),
        ],
    ),
    Case(
        block="EXECUTE_CODE",
        title="fails, and the machine goes",
        input={"code": "x", "language": "js", "template_id": "mine", "timeout": 60},
        asks=[made("mine", 60), ran("x", "javascript", FAILED), GONE],
        fails="Traceback: NameError: x",
    ),
    Case(
        block="EXECUTE_CODE",
        title="the machine stays",
        input={"code": "x", "dispose_sandbox": False},
        asks=[made(), ran("x", "python"), ran(None, "python")],
        tokens=[("files", [])],
    ),
    Case(
        block="INSTANTIATE_CODE_SANDBOX",
        input={"setup_code": "6 * 7"},
        asks=[made(), ran("6 * 7", "python", VALUE, {"type": "stdout", "text": "a", "timestamp": 1})],
        tokens=[("sandbox_id", "i3kb1"), ("response", "42"), ("stdout_logs", "a")],
    ),
    Case(
        block="INSTANTIATE_CODE_SANDBOX",
        title="fails, and the machine goes",
        input={"setup_code": "x"},
        asks=[made(), ran("x", "python", FAILED), GONE],
        fails="NameError",
    ),
    Case(
        block="EXECUTE_CODE_STEP",
        input={"sandbox_id": "i3kb1", "step_code": "6 * 7", "dispose_sandbox": True},
        asks=[
            Ask(method="POST", url=f"{API_2}/i3kb1/connect", headers=KEY, sent={"timeout": 300}, answer=CLOSED),
            ran("6 * 7", "python", VALUE, headers={**TOKEN, "e2b-traffic-access-token": "to-the-machine"}),
            Ask(method="DELETE", url=f"{API}/i3kb1", headers=KEY, status=500),
        ],
        tokens=[("main_result", RESULT), ("results", [RESULT]), ("response", "42")],
    ),
    Case(
        block="EXECUTE_CODE_STEP",
        title="elsewhere",
        input={"sandbox_id": "x.evil.example/", "step_code": "1"},
        asks=[],
        fails="not the id of a sandbox",
    ),
]
