"""What is kept of documents in memory is what the file holds, and after a kill what the journal says is done."""

import asyncio
import shutil

import pytest

from local.database import Database
from local.firestore import journal, messages, store
from local.firestore.journal import ForeignError, Journal
from local.firestore.store import Store

NAME, PATH = "projects/p/databases/d", ("c", "a")


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "db")
    yield opened
    opened.close()


@pytest.fixture
def stored(database):
    return Store(database, None)


def put(stored, number, *, id_="a", text=""):
    name = f"{NAME}/documents/c/{id_}"
    document = messages.Document(name=name)
    document.fields["n"].integer_value = number
    document.fields["text"].string_value = text
    before = stored.find(NAME, ("c", id_))
    created = number if before is None else before.created
    return stored.put(NAME, ("c", id_), name, before, document.SerializeToString(), created, number)


def remove(stored, number, id_="a"):
    stored.remove(NAME, ("c", id_), f"{NAME}/documents/c/{id_}", stored.find(NAME, ("c", id_)), number)


def in_tables(database):
    """The update times of the documents by their ids, and how many index entries there are."""
    select = "SELECT content, updated FROM firestore_documents ORDER BY id"
    rows = database.connection.execute(select).fetchall()
    (entries,) = database.connection.execute("SELECT count(*) FROM firestore_entries").fetchone()
    return {messages.Document.FromString(content).name[-1]: updated for content, updated in rows}, entries


def in_journal(database):
    (mark,) = database.connection.execute("SELECT mark FROM firestore_mark").fetchone()
    return [entry.updated for entry in Journal(database, mark).left()]


def files(database):
    """Of the journal, by their numbers."""
    return sorted(int(path.name.rpartition("-")[2]) for path in database.path.parent.glob("db-firestore-*"))


def test_a_document_is_found_as_it_was_written_last(stored):
    put(stored, 1)
    second = put(stored, 2)
    assert stored.find(NAME, PATH) == second
    stored.move_all()
    stored._rows.clear()
    assert stored.find(NAME, PATH) == second


@pytest.mark.parametrize("moved", [False, True])
def test_a_document_that_is_removed_is_gone(stored, moved):
    put(stored, 1)
    if moved:
        stored.move_all()
    remove(stored, 2)
    assert stored.find(NAME, PATH) is None
    stored.move_all()
    assert stored.find(NAME, PATH) is None


def test_neither_many_documents_nor_large_ones_are_kept(stored, monkeypatch):
    monkeypatch.setattr(store, "_MANY_ROWS", 2)
    monkeypatch.setattr(store, "_SMALL", 100)
    for id_, text in (("a", ""), ("b", ""), ("c", ""), ("d", "x" * 200)):
        put(stored, 1, id_=id_, text=text)
    stored.move_all()
    assert [path[1] for _, path in stored._rows] == ["b", "c"]
    assert stored.find(NAME, ("c", "d")) is not None


def test_documents_wait_until_a_query_looks_where_they_are(stored, database):
    put(stored, 1)
    put(stored, 2)
    put(stored, 3, id_="b")
    assert in_tables(database) == ({}, 0)
    stored.settle(NAME, "other")
    stored.settle("projects/p/databases/other", None)
    assert in_tables(database) == ({}, 0)
    stored.settle(NAME, "c")
    assert in_tables(database)[0] == {"a": 2, "b": 3}
    assert in_journal(database) == []


def test_what_was_journalled_is_done_at_the_next_start(stored, database):
    put(stored, 1, text="old")
    put(stored, 2, id_="b")
    put(stored, 3, id_="c")
    stored.move_all()
    put(stored, 4, text="new")
    remove(stored, 5, "b")
    put(stored, 6, id_="d")
    remove(stored, 7, "d")
    remove(stored, 8, "c")
    last = put(stored, 9, id_="c")
    assert in_journal(database) == [4, 5, 7, 9]
    opened = Store(database, None)
    documents, entries = in_tables(database)
    assert (documents, in_journal(database)) == ({"a": 4, "c": 9}, [])
    assert opened.last_time == 9
    assert opened.find(NAME, ("c", "c")).content == last.content
    opened.move_all()
    remove(opened, 10, "a")
    remove(opened, 11, "c")
    opened.move_all()
    assert entries > 0
    assert in_tables(database) == ({}, 0)


def test_what_is_moved_already_does_no_harm_when_it_is_done_again(stored, database):
    put(stored, 1)
    put(stored, 2, text="last")
    (file,) = database.path.parent.glob("db-firestore-*")
    kept = shutil.copy(file, database.path.with_name("kept"))
    stored.move_all()
    before = in_tables(database)
    shutil.copy(kept, file)
    assert in_journal(database) == [2]
    Store(database, None)
    assert (in_tables(database), files(database)) == (before, [])


def test_where_too_much_waits_whoever_writes_moves_some(stored, database, monkeypatch):
    monkeypatch.setattr(store, "_MOST", 2)
    monkeypatch.setattr(store, "_SLICE", 1)
    for number, id_ in enumerate("abcd"):
        put(stored, number, id_=id_)
        stored.relieve()
    assert set(in_tables(database)[0]) == {"a", "b"}
    assert [waiting.after.updated for waiting in stored._waiting[NAME, "c"].values()] == [2, 3]


async def test_what_waits_is_moved_a_little_later(stored, database, monkeypatch):
    monkeypatch.setattr(store, "_PAUSE", 0.0)
    monkeypatch.setattr(store, "_SLICE", 1)
    for number, id_ in enumerate("abc"):
        put(stored, number, id_=id_)
    async with asyncio.timeout(20):
        while in_journal(database) or len(in_tables(database)[0]) < 3:
            await asyncio.sleep(0)


def test_what_is_written_again_and_again_does_not_move_and_the_journal_stays_short(stored, database, monkeypatch):
    monkeypatch.setattr(journal, "_LARGE", 1)
    put(stored, 0, id_="b")
    for number in range(1, 20):
        put(stored, number)
        stored._slice()
    assert set(in_tables(database)[0]) == {"b"}
    assert files(database) == [20]
    for _ in range(store._REST):
        assert in_tables(database)[0].keys() == {"b"}
        stored._slice()
    assert in_tables(database)[0] == {"a": 19, "b": 0}
    assert files(database) == []


def test_a_move_that_fails_changes_nothing_and_is_made_again(stored, database):
    put(stored, 1)
    refuse = "CREATE TRIGGER no BEFORE INSERT ON firestore_entries BEGIN SELECT RAISE(ABORT, 'no'); END"
    database.connection.execute(refuse)
    with pytest.raises(Exception, match="no"):
        stored.move_all()
    assert (in_tables(database), in_journal(database)) == (({}, 0), [1])
    assert stored.find(NAME, PATH).updated == 1
    database.connection.execute("DROP TRIGGER no")
    stored.move_all()
    assert (in_tables(database)[0], in_journal(database)) == ({"a": 1}, [])


def test_a_file_goes_when_nothing_in_it_is_needed(stored, database, monkeypatch):
    monkeypatch.setattr(journal, "_LARGE", 1)
    for number, id_ in enumerate("abcab"):
        put(stored, number, id_=id_)
    assert files(database) == [1, 2, 3, 4, 5]
    stored._move({(NAME, "c"): 1})  # the document c, which has waited longest
    assert files(database) == [4, 5]
    assert in_journal(database) == [3, 4]
    put(stored, 5, id_="a")
    stored.move_all()
    assert files(database) == []
    put(stored, 6)
    assert files(database) == [7]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_what_a_kill_cut_off_is_left_out_and_all_before_it_is_there(stored, database, cut, caplog):
    put(stored, 1)
    with database.transaction():  # one turn
        put(stored, 2, id_="b")
        put(stored, 3, id_="c")
    (file,) = database.path.parent.glob("db-firestore-*")
    file.write_bytes(file.read_bytes()[:-cut])
    assert in_journal(database) == [1]
    assert "no whole commit" in caplog.text
    assert set(in_tables(database)[0]) == set()
    opened = Store(database, None)
    assert (in_tables(database)[0], files(database)) == ({"a": 1}, [])
    put(opened, 4, id_="b")
    assert in_journal(database) == [4]


def test_a_file_that_is_not_of_this_database_is_neither_done_nor_deleted(tmp_path, stored, database):
    put(stored, 1)
    (own,) = files(database)
    other = Database(tmp_path / "another")
    put(Store(other, None), 2, id_="b")
    (file,) = tmp_path.glob("another-firestore-*")
    taken = file.rename(tmp_path / "db-firestore-7")
    garbage = tmp_path / "db-firestore-8"
    garbage.write_bytes(b"garbage")
    for foreign in (taken, garbage):
        with pytest.raises(ForeignError, match=foreign.name):
            Store(database, None)
        assert in_tables(database) == ({}, 0)
        foreign.unlink()
    assert files(database) == [own]
    Store(database, None)
    assert in_tables(database)[0] == {"a": 1}
    other.close()


@pytest.mark.parametrize("length", [0, 1, 25, len(journal._KIND) + 16])
def test_a_file_that_was_only_begun_says_nothing(stored, database, length):
    put(stored, 1)
    (file,) = database.path.parent.glob("db-firestore-*")
    file.write_bytes(file.read_bytes()[:length])
    Store(database, None)
    assert (in_tables(database), files(database)) == (({}, 0), [])


def test_a_slice_is_of_many_collections(stored, database, monkeypatch):
    monkeypatch.setattr(store, "_SLICE", 3)
    for number, collection in enumerate("vwxyz"):
        name = f"{NAME}/documents/{collection}/a"
        content = messages.Document(name=name).SerializeToString()
        stored.put(NAME, (collection, "a"), name, None, content, number, number)
    stored._move_some(stored._journal.last)
    assert [collection for _, collection in stored._waiting] == ["y", "z"]


def test_what_the_tables_hold_of_what_waits_is_counted_too(stored, database, monkeypatch):
    put(stored, 1, text="x" * 500)
    put(stored, 2, id_="b", text="x" * 500)
    stored.move_all()
    assert stored._bytes == 0
    remove(stored, 3)
    put(stored, 4, id_="b")
    put(stored, 5, id_="b", text="x" * 100)
    assert 1100 < stored._bytes < 1300
    monkeypatch.setattr(store, "_LARGEST", 1000)
    stored.relieve()
    assert (stored._bytes, stored._count) == (0, 0)


def test_a_journal_that_is_long_goes_on_without_what_has_waited_longest(stored, database, monkeypatch):
    monkeypatch.setattr(journal, "_LARGE", 1)
    monkeypatch.setattr(store, "_LONGEST", 2000)
    monkeypatch.setattr(store, "_SLICE", 1)
    put(stored, 0, id_="b")
    for number in range(1, 30):
        put(stored, number, text="x" * 200)
        stored.relieve()
    assert "b" in in_tables(database)[0]
    left = [path.stat().st_size for path in database.path.parent.glob("db-firestore-*")]
    assert sum(left) == stored._journal.size < 2500


def test_neither_the_entries_of_large_documents_are_kept(stored, monkeypatch):
    put(stored, 1, text="x" * 5000)
    put(stored, 2, id_="b")
    stored.move_all()
    assert [content for content, _ in stored._tables._entries.values()] == [stored.find(NAME, ("c", "b")).content]


def test_a_damaged_record_is_left_out_with_all_after_it_in_its_file(stored, database):
    for number in range(3):
        put(stored, number, id_="abc"[number])
    (file,) = database.path.parent.glob("db-firestore-*")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    assert in_journal(database) == [0]


def test_a_full_disk_ends_the_process_before_an_answer(stored, database, monkeypatch, capsys):
    write = journal.os.write
    monkeypatch.setattr(journal.os, "write", lambda descriptor, data: write(descriptor, data[:-1]))
    with pytest.raises(SystemExit, match="no room for db-firestore-1"):
        put(stored, 1)
    monkeypatch.undo()
    assert "Nothing that was answered is lost" in capsys.readouterr().err
    assert in_journal(database) == []


@pytest.mark.parametrize("fsync", [False, True])
def test_with_fsync_the_disk_has_a_commit_before_it_is_answered(tmp_path, monkeypatch, fsync):
    database = Database(tmp_path / "other", fsync=fsync)
    stored, synced = Store(database, None), []
    sync = journal.os.fsync
    monkeypatch.setattr(journal.os, "fsync", lambda descriptor: synced.append(descriptor) or sync(descriptor))
    put(stored, 1)
    put(stored, 2)
    assert len(synced) == (3 if fsync else 0)  # the folder, for the new file, and two commits
    database.close()


def test_in_memory_nothing_is_written_down(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database = Database(None)
    put(Store(database, None), 1)
    assert not list(tmp_path.iterdir())
    assert not database.after_commit(lambda: None)
    database.close()
