"""What lies in the data folder, and who may use it?"""

import json
import os
from pathlib import Path

import pytest

from local.data_folder import DataFolder, LockedError


def test_a_folder_has_one_user_at_a_time(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    first.lock()
    with pytest.raises(LockedError, match=f"{tmp_path / 'data'} is in use by process {os.getpid()}"):
        second.lock()
    first.release()
    second.lock()
    second.release()


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
