"""What happens between a command and its end?"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from launched import ECHO_MANIFEST, REPOSITORY, Launch, Launched, await_until, is_alive

KEYS = {"gateway", "auth", "firestore", "pubsub", "tasks", "storage", "mail", "fcm"}


def functions_pid(launched: Launched) -> int:
    return httpx.get(f"{launched.gateway}/echo/pid", timeout=20).json()["pid"]


def run_local(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        **options,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everything_answers_once_the_endpoints_are_there_and_a_signal_ends_it_cleanly(
    launch: Launch, number: signal.Signals
) -> None:
    launched = launch().wait_until_up()
    assert set(launched.endpoints) == KEYS
    assert launched.endpoints["gateway"].startswith("http://127.0.0.1:")
    pid = functions_pid(launched)
    assert launched.end(number) == 0
    assert not launched.endpoints_file.exists()
    assert not is_alive(pid)
    assert "Traceback" not in launched.output


def test_a_second_start_on_the_same_data_is_refused(launch: Launch) -> None:
    first = launch().wait_until_up()
    second = launch()
    assert second.wait() == 1
    assert str(first.data) in second.output
    assert str(first.process.pid) in second.output
    assert first.endpoints_file.exists()


def test_the_functions_die_with_a_parent_that_is_killed_and_the_next_start_goes_on(launch: Launch) -> None:
    first = launch().wait_until_up()
    pid = functions_pid(first)
    account = {"email": "a@weftly.example", "password": "correct horse", "returnSecureToken": True}
    accounts = "identitytoolkit.googleapis.com/v1/accounts"
    assert httpx.post(f"{first.endpoints['auth']}/{accounts}:signUp?key=k", json=account).status_code == 200
    first.end(signal.SIGKILL)
    await_until(lambda: not is_alive(pid), 5, "the end of the functions process")
    second = launch().wait_until_up()
    signed_in = httpx.post(f"{second.endpoints['auth']}/{accounts}:signInWithPassword?key=k", json=account)
    assert signed_in.status_code == 200


def test_functions_that_die_are_started_again_while_requests_wait(launch: Launch) -> None:
    launched = launch().wait_until_up()
    before = functions_pid(launched)
    os.kill(before, signal.SIGKILL)
    assert functions_pid(launched) not in (0, before)
    assert launched.end() == 0
    assert "The functions process ended (signal SIGKILL)" in launched.output


def test_it_ends_with_its_parent_if_asked_to(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "start", "--data", str(tmp_path / "data"), "--port", "0"]
    parent = subprocess.Popen(
        ["sh", "-c", '"$@" & echo $!; wait', "sh", *command, "--die-with-parent"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    await_until((tmp_path / "data" / "endpoints.json").exists)
    parent.kill()
    parent.wait()
    await_until(lambda: not is_alive(pid), 10, "the end")
    parent.stdout.close()
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_a_closed_stdin_is_no_reason_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "exec", "--data", str(tmp_path / "data"), "--", "sh", "-c", "echo ran"]
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *command],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "ran")


def test_exec_ends_with_the_exit_code_of_its_command_which_finds_the_cloud(tmp_path: Path) -> None:
    script = 'echo "$FIRESTORE_EMULATOR_HOST $GOOGLE_CLOUD_PROJECT"; cat "$LOCAL_ENDPOINTS"; exit 7'
    ended = run_local("exec", "--data", str(tmp_path / "data"), "--project", "mine", "--", "sh", "-c", script)
    assert ended.returncode == 7
    assert ended.stdout.startswith("127.0.0.1:")
    assert " mine\n" in ended.stdout
    assert '"gateway": null' in ended.stdout
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_exec_of_an_unknown_command_says_so(tmp_path: Path) -> None:
    ended = run_local("exec", "--data", str(tmp_path / "data"), "--", "no-such-command")
    assert ended.returncode == 127
    assert "no-such-command" in ended.stderr


def test_after_runs_beside_what_goes_on(launch: Launch) -> None:
    launched = launch("--after", "sh -c 'test -f $LOCAL_ENDPOINTS && touch $LOCAL_ENDPOINTS.seen'").wait_until_up()
    await_until(launched.data.joinpath("endpoints.json.seen").exists)
    assert functions_pid(launched)


@pytest.mark.parametrize(
    ("option", "service"), [("--port", "gateway"), ("--auth-port", "auth"), ("--firestore-port", "firestore")]
)
def test_a_named_port_that_is_taken_is_an_error_that_says_what_to_do(
    tmp_path: Path, option: str, service: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_local("start", "--data", str(tmp_path), "--functions", str(ECHO_MANIFEST), option, str(port))
    assert ended.returncode == 1
    assert f"error: {service} cannot listen on port {port} (" in ended.stderr
    assert f"name another with {option}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_function_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "broken.py").write_text("import no_such_module\n")
    manifest = tmp_path / "functions" / "manifest.yaml"
    manifest.write_text("functions: {broken: {trigger: https, source: functions/broken.py, paths: [/broken]}}\n")
    ended = run_local("start", "--data", str(tmp_path / "data"), "--port", "0", "--functions", str(manifest))
    assert ended.returncode == 1
    assert "Function broken" in ended.stderr
    assert "no_such_module" in ended.stderr


def test_functions_get_the_environment_of_the_cloud_beside_their_own_settings(launch: Launch) -> None:
    launched = launch(environment={"MAX_CONCURRENT_EXECUTIONS": "3", "OPENAI_API_KEY": ""}).wait_until_up()
    seen = httpx.get(f"{launched.gateway}/echo/environment").json()
    endpoints = launched.endpoints
    assert seen["MAX_CONCURRENT_EXECUTIONS"] == "3"
    assert seen["GOOGLE_CLOUD_PROJECT"] == "weftly-local"
    assert seen["FIRESTORE_EMULATOR_HOST"] == endpoints["firestore"]
    assert seen["PUBSUB_EMULATOR_HOST"] == endpoints["pubsub"]
    assert seen["CLOUD_TASKS_EMULATOR_HOST"] == endpoints["tasks"]
    assert seen["STORAGE_EMULATOR_HOST"] == endpoints["storage"]
    assert f"http://{seen['FIREBASE_AUTH_EMULATOR_HOST']}" == endpoints["auth"]
    assert seen["OIDC_CERTS_URL"] == f"{endpoints['auth']}/oauth2/v3/certs"
    assert (seen["OPENAI_API_KEY"], seen["OPENAI_RESPONSES_API"]) == ("stub", "true")
    assert httpx.get(seen["OIDC_CERTS_URL"]).json()["keys"]


def test_a_key_of_ones_own_keeps_the_language_model_stub_out(launch: Launch) -> None:
    launched = launch(environment={"OPENAI_API_KEY": "sk-mine"}).wait_until_up()
    seen = httpx.get(f"{launched.gateway}/echo/environment").json()
    assert seen["OPENAI_API_KEY"] == "sk-mine"
    assert not {"OPENAI_BASE_URL", "OPENAI_RESPONSES_API"} & set(seen)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_a_command_dies_with_a_parent_that_is_killed(launch: Launch, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    launched = launch("--after", f"sh -c 'echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600'")
    await_until(pid_file.exists)
    pid = int(pid_file.read_text())
    assert is_alive(pid)
    launched.end(signal.SIGKILL)
    await_until(lambda: not is_alive(pid), 5, "the end of the command")


def test_a_command_that_still_runs_is_ended_with_everything_else(launch: Launch) -> None:
    launched = launch("--after", "sh -c 'touch $LOCAL_ENDPOINTS.seen; exec sleep 600'").wait_until_up()
    await_until(launched.data.joinpath("endpoints.json.seen").exists)
    assert launched.end() == 0
