"""Where are the wrapping keys of a deployment without Cloud KMS? In a file that only its user can read.

``{"current": name, "keys": {name: 32 bytes in base64}}``, mode 0600. It is made when it is first needed; whoever
loses it loses the secrets. ``python -m functions.rotate_keys`` adds a key, and wraps everything with it.
"""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import clock

NONCE_BYTES = 12
KEY_BYTES = 32


class KeyFile:
    """A keyring in a file; see ``vault.Keyring``."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        content = self._content()
        name = content["current"]
        nonce = clock.random_bytes(NONCE_BYTES)
        return name, nonce + AESGCM(_key(content, name)).encrypt(nonce, key, context)

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        key = _key(self._content(), name)
        try:
            return AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag as error:
            raise ValueError("it was not wrapped by this key for this context") from error

    def add_key(self) -> str:
        """Another key, with which everything is wrapped from now on. The others stay, for what they wrapped."""
        content = self._content()
        name = _name()
        keys = {**content["keys"], name: _fresh()}
        self._write({"current": name, "keys": keys}, replace=True)
        return name

    def drop_others(self) -> int:
        """Forget every key but the current one; how many those were. What they wrapped is lost."""
        content = self._content()
        kept = {content["current"]: content["keys"][content["current"]]}
        self._write({"current": content["current"], "keys": kept}, replace=True)
        return len(content["keys"]) - 1

    def _content(self) -> dict[str, Any]:
        """ValueError: others can read the file, or it is no key file."""
        if not self._path.exists():
            name = _name()
            self._write({"current": name, "keys": {name: _fresh()}}, replace=False)
        if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            raise ValueError(f"{self._path} holds keys and others may read it: chmod 600 {self._path}")
        return json.loads(self._path.read_text(encoding="utf-8"))

    def _write(self, content: dict[str, Any], *, replace: bool) -> None:
        """Whole or not at all. Of two processes that make the file, one loses and uses the other's."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_name(f"{self._path.name}.{clock.random_id()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            if replace:
                draft.replace(self._path)
            else:
                self._path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)


def _key(content: dict[str, Any], name: str) -> bytes:
    """LookupError: there is no such key."""
    return base64.b64decode(content["keys"][name])


def _name() -> str:
    return f"local-{clock.random_id()[:12]}"


def _fresh() -> str:
    return base64.b64encode(clock.random_bytes(KEY_BYTES)).decode()
