"""Who can open what was sealed, and who cannot?"""

import dataclasses
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared import config
from shared.domain import errors
from shared.services import vault
from shared.services.key_file import KeyFile
from shared.services.vault import Sealed, Vault

SECRET = b"correct horse battery staple"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "credentials.key"


@pytest.fixture
def keys(path: Path) -> KeyFile:
    return KeyFile(str(path))


async def test_what_was_sealed_opens_for_its_owner_at_its_place(keys: KeyFile):
    sealed = await Vault(keys).seal("ann", "credentials/1", SECRET)
    assert await Vault(keys).open("ann", "credentials/1", Sealed.of(sealed.document())) == SECRET
    assert SECRET not in b"".join([sealed.wrapped, sealed.nonce, sealed.ciphertext])


@pytest.mark.parametrize(("owner", "place"), [("bob", "credentials/1"), ("ann", "credentials/2"), ("", "")])
async def test_what_is_carried_elsewhere_does_not_open(keys: KeyFile, owner: str, place: str):
    sealed = await Vault(keys).seal("ann", "credentials/1", SECRET)
    with pytest.raises(errors.Unavailable) as refused:
        await Vault(keys).open(owner, place, sealed)
    assert refused.value.reason == "CREDENTIALS_UNREADABLE"


@pytest.mark.parametrize("part", ["wrapped", "nonce", "ciphertext"])
async def test_what_was_tampered_with_does_not_open(keys: KeyFile, part: str):
    sealed = await Vault(keys).seal("ann", "p", SECRET)
    bytes_ = bytearray(getattr(sealed, part))
    bytes_[-1] ^= 1
    with pytest.raises(errors.Unavailable):
        await Vault(keys).open("ann", "p", dataclasses.replace(sealed, **{part: bytes(bytes_)}))


async def test_two_seals_of_one_secret_have_nothing_in_common(keys: KeyFile):
    one, two = [await Vault(keys).seal("ann", "p", SECRET) for _ in range(2)]
    assert one.nonce != two.nonce
    assert one.ciphertext != two.ciphertext


async def test_after_a_rotation_the_old_opens_and_is_wrapped_anew(keys: KeyFile):
    sealed = await Vault(keys).seal("ann", "p", SECRET)
    name = keys.add_key()
    assert await Vault(keys).open("ann", "p", sealed) == SECRET
    rewrapped = await Vault(keys).rewrap("ann", "p", sealed)
    assert (rewrapped.key, rewrapped.ciphertext) == (name, sealed.ciphertext)
    assert keys.drop_others() == 1
    assert await Vault(keys).open("ann", "p", rewrapped) == SECRET
    with pytest.raises(errors.Unavailable):
        await Vault(keys).open("ann", "p", sealed)


async def test_the_key_file_is_its_user_s_alone(keys: KeyFile, path: Path):
    await keys.wrap(b"k" * 32, b"")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys.add_key()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        await keys.wrap(b"k" * 32, b"")


def test_of_many_that_make_the_file_all_use_one(path: Path):
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda _: KeyFile(str(path))._content(), range(24)))
    assert {json.dumps(content) for content in contents} == {path.read_text()}
    assert list(path.parent.iterdir()) == [path]


def test_without_a_key_nothing_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(config, "settings", lambda: config.Settings())
    vault.real.cache_clear()
    with pytest.raises(errors.Unavailable) as refused:
        vault.real()
    assert refused.value.reason == "CREDENTIALS_NOT_CONFIGURED"
