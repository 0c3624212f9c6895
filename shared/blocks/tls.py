"""Which certificates are believed by clients that are made for one call?

To read them takes some 30 ms of computing, and they are the same for all: they are read once. Connections are not
shared: what one user's key opened, no other's may use.
"""

import functools
import ssl


@functools.cache
def context() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()
