"""What becomes of the gateway where its usual port is taken?"""

import socket
from pathlib import Path

import pytest

from local import stack, summary
from local.data_folder import DataFolder

MANIFEST = Path(__file__).parents[2] / "e2e" / "functions" / "manifest.yaml"


async def test_a_usual_port_that_is_taken_is_replaced_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataFolder(tmp_path)
    folder.lock()
    made = stack.Stack(folder, stack.StackOptions(project="p", functions=MANIFEST))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(stack, "DEFAULT_GATEWAY_PORT", port)
        try:
            await made.start()
            said = [line for line in summary.of_stack(made, folder).splitlines() if "is taken" in line]
        finally:
            await made.stop()
            folder.release()
    free = str(made.endpoints["gateway"]).rpartition(":")[2]
    assert said == [f"Port {port} is taken; the gateway listens on {free} instead."]
