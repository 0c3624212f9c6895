"""What does a manifest ask of the cloud?"""

from pathlib import Path

import pytest

from local import manifest

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "graphs.py").write_text("")
    return tmp_path


def load(folder: Path, text: str) -> manifest.Manifest:
    path = folder / "functions" / "manifest.yaml"
    path.write_text(text)
    return manifest.load(path)


def test_sources_are_found_from_the_folder_above_the_manifest(folder: Path) -> None:
    loaded = load(folder, "functions: {graphs: {trigger: https, source: functions/graphs.py, timeout: 7}}")
    assert loaded.root == folder
    (function,) = loaded.functions
    assert function.source == folder / "functions" / "graphs.py"
    assert (function.entry_point, function.timeout) == ("graphs", 7.0)


def test_a_queue_stands_for_as_many_as_it_counts(folder: Path) -> None:
    loaded = load(folder, "functions: {}\nqueues: {interactive: {count: 2, max_attempts: -1}, background: {}}")
    assert loaded.queues == {
        "interactive-0": {"max_attempts": -1},
        "interactive-1": {"max_attempts": -1},
        "background-0": {},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("functions: [", "not YAML"),
        ("queues: {}", "'functions'"),
        ("functions: {graphs: {trigger: magic, source: functions/graphs.py}}", "functions.graphs.trigger"),
        ("functions: {graphs: {trigger: https, source: functions/none.py}}", "functions.graphs.source"),
        ("functions: {graphs: {trigger: schedule, source: functions/graphs.py}}", "cron"),
        ("functions: {graphs: {trigger: storage, source: functions/graphs.py}}", "functions.graphs.trigger"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, text: str, message: str) -> None:
    with pytest.raises(manifest.ManifestError, match=message):
        load(folder, text)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(manifest.ManifestError, match=r"none\.yaml"):
        manifest.load(tmp_path / "none.yaml")
