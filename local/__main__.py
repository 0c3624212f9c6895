"""``python -m local``: Google Cloud on a laptop."""

import logging
import os
import sys

from local import cli

if __name__ == "__main__":
    code = cli.main(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is stopped and written; gRPC may hang in the interpreter's own end
