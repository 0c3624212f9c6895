"""Who is the first administrator? ``python -m functions.make_admin EMAIL``

For a project in Google Cloud: with ``GOOGLE_CLOUD_PROJECT`` set, and credentials that may change its accounts
(roles/firebaseauth.admin, roles/datastore.user). For the local cloud, while it runs: with ``--endpoints``.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from shared import config
from shared.domain.errors import WeftlyError
from shared.services import administration


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m functions.make_admin", description="Make a user an administrator."
    )
    parser.add_argument("email", help="of the account, which must have signed up")
    parser.add_argument(
        "--endpoints", type=Path, help="of the running local cloud: .local/endpoints.json; without it, Google's"
    )
    given = parser.parse_args(arguments)
    try:
        if given.endpoints is not None:
            config.use_local(given.endpoints)
        user_id = asyncio.run(administration.make_admin(given.email))
    except (WeftlyError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{given.email} ({user_id}) is an administrator; instances know within a minute.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
