"""HubSpot and Stripe: contacts, and customers who pay.

https://developers.hubspot.com/docs/api-reference/2026-03/crm/objects/contacts/batch/upsert-contacts (by e-mail, so
that a repeated one is the same), in the version 2026-09; the numbered versions end in September 2027
(https://developers.hubspot.com/docs/api-reference/legacy/migration-guide).
https://docs.stripe.com/api/payment-link/create with https://docs.stripe.com/api/idempotent_requests.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

HUBSPOT = api.Service(
    name="HubSpot",
    url="https://api.hubapi.com/crm/objects/2026-09",
    need=Need(
        provider="hubspot",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        scopes=("crm.objects.contacts.write",),
        hosts=("api.hubapi.com",),
        where="https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/account-service-keys",
    ),
)
STRIPE = api.Service(
    name="Stripe",
    url="https://api.stripe.com/v1",
    need=Need(
        provider="stripe",
        kinds=(Kind.API_KEY,),
        hosts=("api.stripe.com",),
        where="https://dashboard.stripe.com/apikeys",
    ),
)


class HubspotUpsertContactBlock(Block):
    block_type = "HUBSPOT_UPSERT_CONTACT"
    category = "DATA"
    description = "Writes a contact into HubSpot: a new one, or over the one with this e-mail address."
    max_attempts = 3
    credentials = HUBSPOT.needed()
    examples = [
        Example(title="A contact", input={"email": "bob@example.com", "properties": {"firstname": "Bob"}}),
        api.without_credentials({"email": "bob@example.com"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("HubSpot")
        email: str = Field(description="The e-mail address, by which the contact is known.")
        properties: dict[str, str] = Field(default_factory=dict[str, str], description="Its fields: firstname, …")

    class Output(BlockOutput):
        contact_id: str = Field(description="The id of the contact.")
        was_created: bool = Field(description="Whether it is new.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        hubspot = await HUBSPOT.open(context, input.credentials)
        contact = {
            "idProperty": "email",
            "id": input.email.strip(),
            "properties": {**input.properties, "email": input.email.strip()},
        }
        answer = await hubspot.post("/contacts/batch/upsert", json={"inputs": [contact]})
        if not answer.get("results"):
            raise hubspot.refused(f"did not take the contact: {answer.get('errors') or 'it does not say why'}")
        yield "contact_id", answer["results"][0]["id"]
        yield "was_created", answer["results"][0].get("new", False)


class StripeCreatePaymentLinkBlock(Block):
    block_type = "STRIPE_CREATE_PAYMENT_LINK"
    category = "DATA"
    description = "Makes a link at which people pay for something, through Stripe."
    max_attempts = 3
    credentials = STRIPE.needed()
    examples = [
        Example(title="A link", input={"name": "Tide table 2027", "amount": 950, "currency": "eur"}),
        api.without_credentials({"name": "Tide table 2027", "amount": 950, "currency": "eur"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Stripe")
        name: str = Field(description="What is paid for.")
        amount: int = Field(ge=1, description="The price of one, in the smallest unit: cents.")
        currency: str = Field(default="usd", description="Three letters: usd, eur, …")
        quantity: int = Field(default=1, ge=1, description="How many.")

    class Output(BlockOutput):
        url: str = Field(description="The address of the link.")
        id: str = Field(description="Its id.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        stripe = await STRIPE.open(context, input.credentials)
        form = {
            "line_items[0][price_data][currency]": input.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(input.amount),
            "line_items[0][price_data][product_data][name]": input.name,
            "line_items[0][quantity]": str(input.quantity),
        }
        headers = {"Idempotency-Key": context.idempotency_key} if context.idempotency_key else {}
        link = await stripe.post("/payment_links", data=form, headers=headers)
        yield "url", link["url"]
        yield "id", link["id"]
