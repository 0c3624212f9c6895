"""A gRPC server in one event loop: unencrypted HTTP/2 by hand, for what a small call costs. See docs/adr/0023.

``server`` (what is served, start and stop) → ``connection`` (frames, flow control) → ``calls`` (a call and its
handler) → ``headers`` and ``frames`` (bytes).
"""
