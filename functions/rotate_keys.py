"""How is the key that wraps all secrets changed? ``python -m functions.rotate_keys``

With a key file (``CREDENTIALS_KEY_FILE``) it makes another key the current one; of a Cloud KMS key, rotate the
primary version there first. Then every secret that another key wraps is wrapped anew, while everything runs.
Instances go by what is in the file at once. ``--drop`` forgets the old keys afterwards, unless one is still needed.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from shared import config
from shared.domain.errors import WeftlyError
from shared.services import key_file, rewrapping


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m functions.rotate_keys", description="Wrap all secrets anew.")
    parser.add_argument("--drop", action="store_true", help="forget the old keys of a key file afterwards")
    parser.add_argument("--endpoints", type=Path, help="of the running local cloud: .local/endpoints.json")
    given = parser.parse_args(arguments)
    try:
        if given.endpoints is not None:
            config.use_local(given.endpoints)
        sys.stdout.write(_rotate(drop=given.drop))
    except (WeftlyError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _rotate(*, drop: bool) -> str:
    path = config.settings().credentials_key_file
    keys = None if config.settings().credentials_kms_key or not path else key_file.KeyFile(path)
    if keys is not None:
        keys.add_key()
    rewrapped, total = asyncio.run(rewrapping.rewrap_all())
    said = f"{rewrapped} of {total} secrets are wrapped anew.\n"
    if keys is not None and drop:
        # Once more: what was sealed while the first pass went on, by an instance that had read the old file.
        left, _ = asyncio.run(rewrapping.rewrap_all())
        said += f"{left} more; {keys.drop_others()} old keys are forgotten.\n"
    return said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
