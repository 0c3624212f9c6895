"""``python -m local``: Google Cloud on a laptop."""

import sys

from local import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
