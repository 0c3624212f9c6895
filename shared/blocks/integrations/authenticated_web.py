"""Web requests with a credential of the host's.

The headers of a host_scoped credential go to its host alone: not to another one that the address names, and not to
one that an answer redirects to, since a redirect to another origin takes no such headers along
(``shared/gcp/outgoing.py``).
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib import parse

from shared.blocks import web
from shared.blocks.block import Block, Context, Example
from shared.blocks.credentials import HostScoped, Kind, Need
from shared.blocks.integrations import api, hiding
from shared.domain import errors

NEED = Need(
    provider="http",
    kinds=(Kind.HOST_SCOPED,),
    where="https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Authentication",
)


class SendAuthenticatedWebRequestBlock(Block):
    block_type = "SEND_AUTHENTICATED_WEB_REQUEST"
    category = "WEB"
    description = "Sends a request to a web address with the credentials for its host, and sends its answer on."
    max_attempts = 3
    credentials = {"credentials": NEED}
    examples = [
        Example(title="An API", input={"url": "https://api.example.com/orders", "body": {"item": 7}}),
        api.without_credentials({"url": "https://api.example.com/orders", "body": {"item": 7}}),
    ]

    class Input(web.SendWebRequestBlock.Input):
        credentials: Any = api.credentials_pin("the host: headers that go to it alone")

    Output = web.SendWebRequestBlock.Output

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        credential = await context.credential(NEED, input.credentials)
        if not isinstance(credential, HostScoped):
            raise errors.BlockError("Credentials of the kind host_scoped are needed", reason="CREDENTIALS_UNSUITABLE")
        url = parse.urlsplit(input.url.strip() if "://" in input.url else f"https://{input.url.strip()}")
        if not api.is_host(url.hostname or "", url.port, credential.host):
            raise errors.BlockError(
                f"The credentials are for {credential.host}, and the address is at {url.hostname}: name others",
                reason="CREDENTIALS_UNSUITABLE",
            )
        request = input.model_copy(update={"url": url.geturl(), "headers": {**input.headers, **credential.headers}})
        hidden = hiding.Hidden(credential)
        try:
            async for pin, value in web.SendWebRequestBlock().run(request, context):
                yield pin, hidden.within(value)
        except errors.BlockError as error:
            raise hidden.failure(error) from None
