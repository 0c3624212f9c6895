#!/bin/sh
# clamd and freshclam beside the bridge; the container ends when clamd does, and Cloud Run starts another.
set -eu
freshclam --stdout || echo "the signatures of the image are used: freshclam failed" >&2
freshclam --daemon --checks=6 --stdout &
clamd --config-file=/etc/clamav/clamd.conf &
clamd=$!
python3 /bridge.py &
wait "$clamd"
