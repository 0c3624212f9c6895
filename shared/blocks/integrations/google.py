"""Which of Google's services do blocks speak to, and by which scopes?

https://developers.google.com/identity/protocols/oauth2/scopes. A family needs its own scopes and no others.
"""

from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

_SCOPES = "https://www.googleapis.com/auth/"
WHERE = "https://console.cloud.google.com/apis/credentials"


def service(name: str, url: str, *scopes: str) -> api.Service:
    host = url.removeprefix("https://").partition("/")[0]
    need = Need(
        provider="google",
        kinds=(Kind.OAUTH2,),
        scopes=tuple(f"{_SCOPES}{scope}" for scope in scopes),
        hosts=(host,),
        where=WHERE,
    )
    return api.Service(name=name, url=url, need=need)
