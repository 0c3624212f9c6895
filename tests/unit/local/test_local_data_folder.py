"""What lies in the data folder, and who may use it?"""

import json
import os
from pathlib import Path

import pytest

from local import cli
from local.data_folder import DataFolder, LockedError
from local.firestore import __main__ as firestore


def test_a_folder_has_one_user_at_a_time(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    first.lock()
    with pytest.raises(LockedError, match=f"{tmp_path / 'data'} is in use by process {os.getpid()}"):
        second.lock()
    first.release()
    second.lock()
    second.release()


def test_firestore_alone_shares_its_folder_with_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = DataFolder(tmp_path / "data")
    first.lock()
    monkeypatch.setattr("sys.argv", ["firestore", "--port", "0", "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit, match=f"in use by process {os.getpid()}"):
        firestore.main()
    first.release()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["start", "--data", str(tmp_path / "file" / "data")]) == 1
    assert str(tmp_path / "file" / "data") in capsys.readouterr().err


def test_the_endpoints_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_endpoints({"gateway": "http://127.0.0.1:1"})
    folder.lock()
    assert not folder.endpoints.exists()
    folder.release()


def test_endpoints_are_written_whole(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_endpoints({"gateway": None, "firestore": "127.0.0.1:1"})
    assert json.loads(folder.endpoints.read_text()) == {"gateway": None, "firestore": "127.0.0.1:1"}
    assert [path.name for path in tmp_path.glob("endpoints*")] == ["endpoints.json"]
