"""E2B: code on a machine of its own, which is thrown away.

https://e2b.dev/docs/api-reference/sandboxes (create and connect, version 2; delete); the code interpreter inside the
machine answers on port 49999 with a line of JSON for each output, https://github.com/e2b-dev/code-interpreter. A
machine is spoken to with tokens of its own: the user's key goes to api.e2b.app alone.
"""

import base64
import contextlib
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors

E2B = api.Service(
    name="E2B",
    url="https://api.e2b.app",
    need=Need(
        provider="e2b",
        kinds=(Kind.API_KEY,),
        hosts=("api.e2b.app",),
        where="https://e2b.dev/dashboard?tab=keys",
    ),
    authorize=api.header("X-API-Key"),
)
MACHINE = api.Service(name="The sandbox at E2B")
_TEMPLATE = "code-interpreter-v1"
_PORT = 49999
_LONGEST_SECONDS = 240
"""Of one piece of code: below the timeout of a node."""
_MAX_FILES_BYTES = 2_000_000


class ProgrammingLanguage(Enum):
    PYTHON = "python"
    JAVASCRIPT = "js"
    BASH = "bash"
    R = "r"
    JAVA = "java"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    results: Sequence[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    main: Mapping[str, Any] | None = None
    stdout: str = ""
    stderr: str = ""

    def tokens(self) -> list[tuple[str, Any]]:
        """What every block with code gives; nothing on pins that have nothing."""
        found: list[tuple[str, Any]] = []
        if self.main is not None:
            found.append(("main_result", self.main))
        if self.results:
            found.append(("results", list(self.results)))
        if self.main is not None and self.main.get("text"):
            found.append(("response", self.main["text"]))
        logs = [("stdout_logs", self.stdout), ("stderr_logs", self.stderr)]
        return [*found, *((pin, text) for pin, text in logs if text)]


class Sandbox:
    """One machine, as E2B described it. ``e2b``: with the user's key."""

    def __init__(self, e2b: api.Session, machine: api.Session, made: Mapping[str, Any]) -> None:
        self.id: str = made["sandboxID"]
        self._e2b = e2b
        self._machine = machine
        domain = made.get("domain") or "e2b.app"
        self._url = f"https://{_PORT}-{self.id}.{domain}"
        tokens = {
            "X-Access-Token": made.get("envdAccessToken"),
            "E2B-Traffic-Access-Token": made.get("trafficAccessToken"),
        }
        self._headers = {name: token for name, token in tokens.items() if token}

    async def run(self, code: str, language: ProgrammingLanguage, seconds: int = _LONGEST_SECONDS) -> Ran:
        """BlockError where the code fails."""
        name = "javascript" if language is ProgrammingLanguage.JAVASCRIPT else language.value
        limit = max(1, min(seconds, _LONGEST_SECONDS))
        answer = await self._machine.request(
            "POST",
            f"{self._url}/execute",
            json={"code": code, "language": name},
            headers=self._headers,
            timeout=limit,
            total_seconds=limit,
        )
        return _ran([json.loads(line) for line in answer.text.splitlines() if line.strip()])

    async def prepare(self, commands: Sequence[str]) -> None:
        for command in commands:
            await self.run(command, ProgrammingLanguage.BASH)

    async def files(self) -> list[dict[str, Any]]:
        """What the code left in its folder."""
        listed = json.loads((await self.run(_LIST_FILES, ProgrammingLanguage.PYTHON)).stdout or "[]")
        return [_file(one) for one in listed]

    async def dispose(self) -> None:
        """Where that fails, the machine ends by itself at its time; what the code gave stays."""
        with contextlib.suppress(errors.BlockError):
            await self._e2b.request("DELETE", f"/sandboxes{api.path(self.id)}", accept=(404,))


_LIST_FILES = f"""
import base64, json, os
found, left = [], {_MAX_FILES_BYTES}
for folder, folders, names in os.walk(os.path.expanduser("~")):
    folders[:] = [one for one in folders if not one.startswith((".", "_")) and one != "node_modules"]
    for name in sorted(names):
        path = os.path.join(folder, name)
        if name.startswith(".") or not os.path.isfile(path) or os.path.getsize(path) > left:
            continue
        content = open(path, "rb").read()
        left -= len(content)
        found.append({{"path": path, "content": base64.b64encode(content).decode()}})
print(json.dumps(found))
"""


def _file(listed: Mapping[str, str]) -> dict[str, Any]:
    name = listed["path"].rpartition("/")[2]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {
        "path": listed["path"],
        "name": name,
        "size": len(base64.b64decode(listed["content"])),
        "content": f"data:{media_type};base64,{listed['content']}",
    }


def _ran(lines: Sequence[dict[str, Any]]) -> Ran:
    results: list[Mapping[str, Any]] = []
    main = None
    texts: dict[str, list[str]] = {"stdout": [], "stderr": []}
    for line in lines:
        kind = line.pop("type", "")
        if kind == "error":
            why = line.get("traceback") or f"{line.get('name')}: {line.get('value')}"
            raise errors.BlockError(f"The code failed: {why}"[:10_000], reason="BLOCK_FAILED")
        if kind == "result":
            is_main = line.pop("is_main_result", False)
            results.append(line)
            main = line if is_main else main
        elif kind in texts:
            texts[kind].append(line.get("text", ""))
    return Ran(results=results, main=main, stdout="".join(texts["stdout"]), stderr="".join(texts["stderr"]))


async def created(credentials: Any, context: Context, template_id: str, seconds: int) -> Sandbox:
    """``seconds``: after so many E2B ends it, whatever becomes of us."""
    e2b = await E2B.open(context, credentials)
    body = {"templateID": template_id or _TEMPLATE, "timeout": seconds}
    return Sandbox(e2b, await MACHINE.open(context), await e2b.post("/v2/sandboxes", json=body))


async def connected(credentials: Any, context: Context, sandbox_id: str) -> Sandbox:
    if not re.fullmatch(r"[A-Za-z0-9-]+", sandbox_id):
        raise errors.BlockError(f"{sandbox_id!r} is not the id of a sandbox", reason="INVALID_INPUT")
    e2b = await E2B.open(context, credentials)
    route = f"/v2/sandboxes{api.path(sandbox_id)}/connect"
    made = await e2b.post(route, json={"timeout": _LONGEST_SECONDS + 60})
    return Sandbox(e2b, await MACHINE.open(context), made)


class CodeOutput(BlockOutput):
    main_result: dict[str, Any] = Field(description="The value of the last line: text, html, png, json, …")
    results: list[dict[str, Any]] = Field(description="All that was shown.")
    response: str = Field(description="The value of the last line, as a text.")
    stdout_logs: str = Field(description="What it printed.")
    stderr_logs: str = Field(description="What it printed as errors.")


class ExecuteCodeBlock(Block):
    block_type = "EXECUTE_CODE"
    category = "DEVELOPER"
    description = (
        "Runs a program on a machine of its own at E2B, which has the internet and may install what it needs."
    )
    max_attempts = 3
    cost = "The time of the machine, at E2B."
    credentials = E2B.needed()
    examples = [
        Example(title="Python", input={"code": "print(6 * 7)", "setup_commands": ["pip install numpy"]}),
        api.without_credentials({"code": "print(6 * 7)"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("E2B")
        setup_commands: list[str] = Field(default_factory=list[str], description="Shell commands to run before it.")
        code: str = Field(default="", description="The program.")
        language: ProgrammingLanguage = Field(default=ProgrammingLanguage.PYTHON, description="Its language.")
        timeout: int = Field(default=300, description="After so many seconds the machine ends; code has 240 at most.")
        dispose_sandbox: bool = Field(default=True, description="Whether the machine ends with the program.")
        template_id: str = Field(default="", description="A template of one's own, built on the code interpreter.")

    class Output(CodeOutput):
        files: list[dict[str, Any]] = Field(description="The files that it left: path, name, size, content.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sandbox = await created(input.credentials, context, input.template_id, input.timeout)
        try:
            await sandbox.prepare(input.setup_commands)
            for token in (await sandbox.run(input.code, input.language, input.timeout)).tokens():
                yield token
            yield "files", await sandbox.files()
        finally:
            if input.dispose_sandbox:
                await sandbox.dispose()


class InstantiateCodeSandboxBlock(Block):
    block_type = "INSTANTIATE_CODE_SANDBOX"
    category = "DEVELOPER"
    description = "Starts a machine at E2B that keeps its state for steps of code: EXECUTE_CODE_STEP."
    max_attempts = 3
    cost = "The time of the machine, at E2B."
    credentials = E2B.needed()
    examples = [
        Example(title="With a variable", input={"setup_code": "tides = []"}),
        api.without_credentials({"setup_code": "tides = []"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("E2B")
        setup_commands: list[str] = Field(default_factory=list[str], description="Shell commands to run first.")
        setup_code: str = Field(default="", description="A program to run then.")
        language: ProgrammingLanguage = Field(default=ProgrammingLanguage.PYTHON, description="Its language.")
        timeout: int = Field(default=300, description="After so many seconds the machine ends.")
        template_id: str = Field(default="", description="A template of one's own, built on the code interpreter.")

    class Output(BlockOutput):
        sandbox_id: str = Field(description="The id of the machine.")
        response: str = Field(description="The value of the last line, as a text.")
        stdout_logs: str = Field(description="What it printed.")
        stderr_logs: str = Field(description="What it printed as errors.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sandbox = await created(input.credentials, context, input.template_id, input.timeout)
        try:
            await sandbox.prepare(input.setup_commands)
            ran = await sandbox.run(input.setup_code, input.language, input.timeout) if input.setup_code else Ran()
        except errors.BlockError:
            await sandbox.dispose()
            raise
        yield "sandbox_id", sandbox.id
        for pin, value in ran.tokens():
            if pin in InstantiateCodeSandboxBlock.Output.model_fields:
                yield pin, value


class ExecuteCodeStepBlock(Block):
    block_type = "EXECUTE_CODE_STEP"
    category = "DEVELOPER"
    description = "Runs a program on a machine that INSTANTIATE_CODE_SANDBOX started, after what ran there before."
    max_attempts = 3
    cost = "The time of the machine, at E2B."
    credentials = E2B.needed()
    examples = [
        Example(title="A step", input={"sandbox_id": "i3kb1", "step_code": "tides.append(6.9)"}),
        api.without_credentials({"sandbox_id": "i3kb1", "step_code": "tides.append(6.9)"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("E2B")
        sandbox_id: str = Field(description="The id of the machine.")
        step_code: str = Field(default="", description="The program.")
        language: ProgrammingLanguage = Field(default=ProgrammingLanguage.PYTHON, description="Its language.")
        dispose_sandbox: bool = Field(default=False, description="Whether the machine ends with it.")

    Output = CodeOutput

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        sandbox = await connected(input.credentials, context, input.sandbox_id.strip())
        try:
            for token in (await sandbox.run(input.step_code, input.language)).tokens():
                yield token
        finally:
            if input.dispose_sandbox:
                await sandbox.dispose()
