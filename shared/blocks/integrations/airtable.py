"""Airtable: bases and records.

https://airtable.com/developers/web/api/create-records (ten records a call, five calls a second), …/create-base,
…/list-bases, …/get-base-schema.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors

AIRTABLE = api.Service(
    name="Airtable",
    url="https://api.airtable.com/v0",
    need=Need(
        provider="airtable",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        hosts=("api.airtable.com",),
        scopes=("data.records:write", "schema.bases:read", "schema.bases:write"),
        where="https://airtable.com/create/tokens",
    ),
)
_AT_ONCE = 10
_DEFAULT_TABLES: list[dict[str, Any]] = [
    {
        "description": "Default table",
        "name": "Default table",
        "fields": [
            {
                "name": "ID",
                "type": "number",
                "description": "Auto-incrementing ID field",
                "options": {"precision": 0},
            }
        ],
    }
]


class AirtableCreateRecordsBlock(Block):
    block_type = "AIRTABLE_CREATE_RECORDS"
    category = "DATA"
    description = "Adds records to a table of Airtable."
    max_attempts = 3
    credentials = AIRTABLE.needed()
    examples = [
        Example(
            title="A record",
            input={"base_id": "app1", "table_id_or_name": "Tides", "records": [{"fields": {"Port": "Brest"}}]},
        ),
        Example(
            title="None", input={"base_id": "app1", "table_id_or_name": "Tides", "records": []}, fails="no records"
        ),
        api.without_credentials({"base_id": "app1", "table_id_or_name": "Tides", "records": [{"fields": {}}]}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Airtable")
        base_id: str = Field(description="The id of the base: app…")
        table_id_or_name: str = Field(description="The table, by its id or name.")
        records: list[dict[str, Any]] = Field(
            description="The records: fields by name, within fields or as they are."
        )
        skip_normalization: bool = Field(
            default=False, description="Whether the records come back as Airtable gives them, without empty fields."
        )
        typecast: bool = Field(default=False, description="Whether Airtable turns texts into the fields' types.")
        return_fields_by_field_id: bool | None = Field(
            default=None, description="Whether fields come back by their ids instead of their names."
        )

    class Output(BlockOutput):
        records: list[dict[str, Any]] = Field(description="The records as added: id, createdTime, fields.")
        details: dict[str, Any] = Field(description="What Airtable says beside them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.records:
            raise errors.BlockError("There are no records to add: give one at least")
        airtable = await AIRTABLE.open(context, input.credentials)
        route = api.path(input.base_id, input.table_id_or_name)
        options: dict[str, Any] = {"typecast": input.typecast}
        if input.return_fields_by_field_id is not None:
            options["returnFieldsByFieldId"] = input.return_fields_by_field_id
        added: list[dict[str, Any]] = []
        details: dict[str, Any] = {}
        for begin in range(0, len(input.records), _AT_ONCE):
            some = [_record(one) for one in input.records[begin : begin + _AT_ONCE]]
            answer = await airtable.post(route, json={"records": some, **options})
            added += answer["records"]
            details = answer.get("details") or details
        if not input.skip_normalization:
            added = _even(added)
        yield "records", added
        yield "details", details


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    fields = record.get("fields")
    return {"fields": fields if isinstance(fields, Mapping) else dict(record)}


def _even(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Airtable leaves empty fields out; with all the same fields, what comes next need not ask."""
    names = dict.fromkeys(name for one in records for name in cast(dict[str, Any], one["fields"]))
    return [{**one, "fields": {name: one["fields"].get(name) for name in names}} for one in records]


class AirtableCreateBaseBlock(Block):
    block_type = "AIRTABLE_CREATE_BASE"
    category = "DATA"
    description = "Creates a base in a workspace of Airtable, or finds the one of this name."
    max_attempts = 3
    emits_many = frozenset({"table"})
    credentials = AIRTABLE.needed()
    examples = [
        Example(title="A base", input={"workspace_id": "wsp1", "name": "Tides"}),
        api.without_credentials({"workspace_id": "wsp1", "name": "Tides"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Airtable")
        workspace_id: str = Field(description="The id of the workspace: wsp…")
        name: str = Field(description="The name of the base.")
        find_existing: bool = Field(default=True, description="Whether a base of this name is taken as it is.")
        tables: list[dict[str, Any]] = Field(default=_DEFAULT_TABLES, description="Its tables: name and fields.")

    class Output(BlockOutput):
        base_id: str = Field(description="The id of the base.")
        tables: list[dict[str, Any]] = Field(description="Its tables.")
        table: dict[str, Any] = Field(description="Each of them.")
        was_created: bool = Field(description="Whether it is new.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        airtable = await AIRTABLE.open(context, input.credentials)
        base_id = await _existing(airtable, input.name) if input.find_existing else None
        was_created = base_id is None
        if base_id is None:
            body = {"workspaceId": input.workspace_id, "name": input.name, "tables": input.tables}
            made = await airtable.post("/meta/bases", json=body)
            base_id, tables = made["id"], made["tables"]
        else:
            tables = (await airtable.get(f"/meta/bases{api.path(base_id)}/tables"))["tables"]
        yield "base_id", base_id
        for pair in api.several(tables, "table", "tables"):
            yield pair
        yield "was_created", was_created


async def _existing(airtable: api.Session, name: str) -> str | None:
    bases = await airtable.pages(
        "/meta/bases",
        items="bases",
        after=lambda page: {"offset": page["offset"]} if page.get("offset") else None,
        limit=10_000,
    )
    return next((base["id"] for base in bases if base["name"] == name), None)
