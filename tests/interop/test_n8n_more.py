"""Times, joins by fields, and the shapes that nodes of n8n had over their versions."""

from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.interop import made, world
from tests.interop.test_n8n import node, workflow

START = node("Start", "manualTrigger")
ANSWER = node("Answer", "respondToWebhook", {"respondWith": "json", "responseBody": "={{ $json }}"}, 1)


def fields(**values: tuple[str, Any]) -> dict[str, Any]:
    """A Set of the newest kind: name -> type and value."""
    return {"assignments": {"assignments": [{"name": n, "type": t, "value": v} for n, (t, v) in values.items()]}}


def rows(name: str, several: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two nodes: what makes the rows, and what makes an item of each."""
    return [
        node(name, "set", {"mode": "raw", "jsonOutput": {"rows": several}}, 3.4),
        node(f"Each {name}", "splitOut", {"fieldToSplitOut": "rows"}, 1),
    ]


async def answered(stage: Stage, raw: Any) -> list[Any]:
    imported = await world.imported(stage, raw)
    assert [n["id"] for n in imported["graph"]["nodes"] if n["block_type"] == "PLACEHOLDER"] == []
    seen = await world.executed(stage, imported["graph"]["id"])
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    return seen["output"]["Answer"]


async def set_to(stage: Stage, parameters: dict[str, Any], version: float = 3.4, **more: Any) -> Any:
    raw = workflow([START, node("X", "set", parameters, version), ANSWER], "Start -> X", "X -> Answer")
    [answer] = await answered(stage, {**raw, **more})
    return answer


async def test_a_time_is_moved_rounded_and_written(stage: Stage) -> None:
    year, month, day = stage.now.year, stage.now.month, stage.now.day
    asked = {
        "now": "={{ $now }}",
        "day": "=on {{ $today.toISODate() }}",
        "later": "={{ $now.plus({months: 1, days: 2}).startOf('month').toFormat(\"yyyy-MM-dd'T'HH\") }}",
        "year": "={{ $now.year + 1 }}",
        "utc": "={{ new Date().toISOString() }}",
        "seconds": "={{ DateTime.now().minus(1, 'hours').toSeconds() }}",
    }
    seen = await set_to(stage, fields(**{name: ("string", value) for name, value in asked.items()}))
    assert seen["now"].startswith(f"{year}-{month:02}-{day:02}T")
    assert seen["day"] == f"on {year}-{month:02}-{day:02}"
    assert seen["later"] == f"{year + month // 12}-{month % 12 + 1:02}-01T00"
    assert seen["year"] == year + 1
    assert seen["utc"].endswith("Z")
    assert abs(seen["seconds"] - stage.now.timestamp() + 3_600) < 86_400


async def test_blocks_find_out_what_no_template_can(stage: Stage) -> None:
    asked = {
        "first": "={{ 'ab12cd3'.match(/([a-z]+)(\\d+)/)[2] }}",
        "all": "={{ 'ab12cd3'.match(/\\d+/g).join('+') }}",
        "none": "={{ 'ab'.match(/\\d/) === null }}",
        "replaced": "={{ 'a-b-c'.replace(/-(.)/g, '<$1>') + 'a-b'.replace(/-/, '+') }}",
        "tested": "={{ /^A/i.test('abc') && !/^A/.test('abc') }}",
        "read": '={{ JSON.parse(\'{"a": [1, {"b": 2}]}\').a[1].b + 1 }}',
        "day": "={{ DateTime.fromISO('2026-01-31T10:00:00Z').plus({months: 1}).toISODate() }}",
        "hour": "={{ new Date('2026-01-31T10:00:00Z').getHours() }}",
        "zone": "={{ '2026-01-31T20:00:00Z'.toDateTime().toFormat('dd MMM') }}",
    }
    seen = await set_to(
        stage,
        fields(**{name: ("string", value) for name, value in asked.items()}),
        settings={"timezone": "Asia/Tokyo"},
    )
    assert seen == {
        "first": "12", "all": "12+3", "none": True, "replaced": "a<b><c>a+b", "tested": True, "read": 3,
        "day": "2026-02-28", "hour": 19, "zone": "01 Feb",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "left", "operation", "right", "is_true"),
    [
        ("string", "={{ $json.s }}", "regex", "^a.c$", True),
        ("string", "={{ $json.s }}", "regex", "/^ABC/i", True),
        ("dateTime", "={{ $json.d }}", "after", "2026-01-01", True),
        ("dateTime", "={{ $json.d }}", "before", "={{ DateTime.fromISO('2026-01-01').minus({days: 1}) }}", False),
        ("dateTime", "={{ $json.d }}", "equals", "2026-02-01T01:00:00+01:00", True),
        ("dateTime", "={{ $json.none }}", "before", "2026-01-01", False),
    ],
)
async def test_patterns_and_dates_are_conditions(
    stage: Stage, type_: str, left: str, operation: str, right: str, *, is_true: bool
) -> None:
    one = {"leftValue": left, "rightValue": right, "operator": {"type": type_, "operation": operation}}
    raw = workflow(
        [
            START,
            node("Item", "set", fields(s=("string", "abc"), d=("string", "2026-02-01T00:00:00Z")), 3.4),
            node("If", "if", {"conditions": {"conditions": [one]}}, 2),
            *[node(name, "set", fields(way=("string", name)), 3.4) for name in ("Yes", "No")],
            ANSWER,
        ],
        "Start -> Item", "Item -> If", "If -> Yes", "If:1 -> No", "Yes -> Answer", "No -> Answer",
    )  # fmt: skip
    assert await answered(stage, raw) == [{"way": "Yes" if is_true else "No"}]


async def test_a_time_is_of_the_zone_that_the_workflow_names(stage: Stage) -> None:
    asked = fields(t=("string", "={{ $now }}"))
    assert (await set_to(stage, asked, settings={"timezone": "Asia/Tokyo"}))["t"].endswith("+09:00")
    assert (await set_to(stage, asked, settings={"timezone": "DEFAULT"}))["t"].endswith("+00:00")


@pytest.mark.parametrize(
    ("version", "parameters"),
    [
        (1, {"values": {"string": [{"name": "s", "value": "a"}], "number": [{"name": "n", "value": 2}]}}),
        (2, {"keepOnlySet": True, "values": {
            "string": [{"name": "s", "value": "a"}], "number": [{"name": "n", "value": "2"}]}}),
        (3.2, {"include": "none", "fields": {"values": [
            {"name": "s", "stringValue": "a"}, {"name": "n", "type": "numberValue", "numberValue": "=2"}]}}),
        (3.4, fields(s=("string", "a"), n=("number", "=2"))),
        (3.4, {"mode": "raw", "jsonOutput": '={"s": "{{ \'a\' }}", "n": {{ 1 + 1 }}}'}),
    ],
)  # fmt: skip
async def test_fields_are_set_in_the_shapes_of_all_versions(stage: Stage, version: float, parameters: Any) -> None:
    assert await set_to(stage, parameters, version) == {"s": "a", "n": 2}


async def test_a_literal_behind_an_equals_sign_has_its_type(stage: Stage) -> None:
    asked = fields(a=("array", "=[1, 2]"), o=("object", '={"x": 1}'), b=("boolean", "=true"))
    assert await set_to(stage, asked) == {"a": [1, 2], "o": {"x": 1}, "b": True}


@pytest.mark.parametrize(("number", "way"), [(0, "none"), (2, "two")])
async def test_a_switch_goes_by_a_number_that_is_computed(stage: Stage, number: int, way: str) -> None:
    ways = [node(name, "set", fields(way=("string", name)), 3.4) for name in ("none", "one", "two")]
    raw = workflow(
        [
            START,
            node("N", "set", fields(n=("number", str(number))), 3.4),
            node("Which", "switch", {"mode": "expression", "numberOutputs": 3, "output": "={{ $json.n }}"}, 3),
            *ways,
            ANSWER,
        ],
        "Start -> N",
        "N -> Which",
        *(f"Which:{position} -> {one['name']}" for position, one in enumerate(ways)),
        *(f"{one['name']} -> Answer" for one in ways),
    )
    assert await answered(stage, raw) == [{"way": way}]


LEFT = [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}]
RIGHT = [{"id": 2, "b": "z"}, {"id": 3, "b": "q"}]
UNPAIRED = {"includeUnpaired": True, "clashHandling": {"values": {"resolveClash": "preferInput1"}}}
BOTH = [{"id": 2, "a": "y", "b": "z"}]


@pytest.mark.parametrize(
    ("version", "parameters", "answer"),
    [
        (1, {"mode": "mergeByKey", "propertyName1": "id", "propertyName2": "id"}, BOTH),
        (2.1, {"mode": "combine", "combinationMode": "mergeByFields",
               "mergeByFields": {"values": [{"field1": "id", "field2": "id"}]}}, BOTH),
        (3, {"mode": "combine", "fieldsToMatchString": "id"}, BOTH),
        (3, {"mode": "combine", "fieldsToMatchString": "id", "joinMode": "enrichInput1"}, [LEFT[0], *BOTH]),
        (3, {"mode": "combine", "fieldsToMatchString": "id", "joinMode": "keepNonMatches",
             "outputDataFrom": "input2"}, RIGHT[1:]),
        (3, {"mode": "combine", "fieldsToMatchString": "id", "joinMode": "keepEverything"},
         [LEFT[0], *BOTH, RIGHT[1]]),
        (3, {"mode": "combine", "fieldsToMatchString": "id", "joinMode": "keepNonMatches"}, [LEFT[0], RIGHT[1]]),
        (3, {}, [*LEFT, *RIGHT]),
        (3, {"mode": "combine", "combineBy": "combineByPosition", "options": UNPAIRED},
         [{**RIGHT[0], **LEFT[0]}, {**RIGHT[1], **LEFT[1]}]),
        (3, {"mode": "combine", "combineBy": "combineAll"}, [{**a, **b} for a in LEFT for b in RIGHT]),
    ],
)  # fmt: skip
async def test_items_are_merged(stage: Stage, version: float, parameters: Any, answer: Any) -> None:
    raw = workflow(
        [START, *rows("Left", LEFT), *rows("Right", RIGHT), node("Join", "merge", parameters, version), ANSWER],
        "Start -> Left",
        "Start -> Right",
        "Left -> Each Left",
        "Right -> Each Right",
        "Each Left -> Join",
        "Each Right -> Join:1",
        "Join -> Answer",
    )
    seen = await answered(stage, raw)
    assert (seen if "fieldsToMatchString" not in parameters else sorted(seen, key=str)) == answer


def _paged(**pagination: Any) -> dict[str, Any]:
    return {"url": "https://x.example", "options": {"pagination": {"pagination": pagination}}}


PAGE = "updateAParameterInEachRequest"
LINK = {"paginationMode": "responseContainsNextURL", "nextURL": "={{ $response.body.meta['next'] }}"}


@pytest.mark.parametrize(
    ("parameters", "data"),
    [
        (_paged(paginationMode=PAGE, parameters={"parameters": [{"name": "p", "value": "={{ $pageCount + 1 }}"}]},
                limitPagesFetched=True, maxRequests=3),
         {"pagination": "page_number", "page_parameter": "p", "first_page": 1, "max_pages": 3}),
        (_paged(paginationMode=PAGE, paginationCompleteWhen="other",
                completeExpression="={{ !$response.body.cursor }}",
                parameters={"parameters": [{"type": "qs", "name": "c", "value": "={{ $response.body.cursor }}"}]}),
         {"pagination": "cursor", "page_parameter": "c", "next_path": "cursor", "max_pages": 100}),
        (_paged(**LINK), {"pagination": "next_link", "next_path": "meta.next", "max_pages": 100}),
        ({"url": "https://x.example", "options": {"response": {"response": {"responseFormat": "text"}}}},
         {"response_format": "text"}),
    ],
)  # fmt: skip
def test_the_options_of_a_request_are_pins(parameters: Any, data: dict[str, Any]) -> None:
    imported = made.imported(workflow([START, node("X", "httpRequest", parameters, 4.2)], "Start -> X"))
    [request] = [one for one in imported.graphs[0].body["nodes"] if one["block_type"] == "HTTP_REQUEST"]
    assert request["input_data"] == {"method": "GET", **data}


@pytest.mark.parametrize(
    "parameters",
    [
        _paged(paginationMode=PAGE, parameters={"parameters": [{"name": "o", "value": "={{ $pageCount * 50 }}"}]}),
        _paged(**LINK, paginationCompleteWhen="receiveSpecificStatusCodes"),
        _paged(**LINK, paginationCompleteWhen="other", completeExpression="={{ $response.body.done }}"),
    ],
)
def test_pages_that_would_be_missed_are_a_placeholder(parameters: Any) -> None:
    imported = made.imported(workflow([START, node("X", "httpRequest", parameters, 4.2)], "Start -> X"))
    assert "PLACEHOLDER" in [one["block_type"] for one in imported.graphs[0].body["nodes"]]


async def test_an_answer_comes_whole_with_what_went_wrong(stage: Stage) -> None:
    web = world.Web({"x.example": {"a": 1}})
    world.give(stage, web)
    options = {
        "response": {"response": {"fullResponse": True, "neverError": True}},
        "timeout": 5_000,
        "batching": {"batch": {"batchSize": 1}},
    }
    raw = workflow(
        [START, node("X", "httpRequest", {"url": "https://x.example", "options": options}, 4.2), ANSWER],
        "Start -> X",
        "X -> Answer",
    )
    [answer] = await answered(stage, raw)
    assert (answer["body"], answer["statusCode"]) == ({"a": 1}, 200)
    imported = made.imported(raw)
    assert [one["timeout"] for one in imported.graphs[0].body["nodes"] if "timeout" in one] == [5]
    lost = [one.place for one in imported.report.entries if one.outcome == "missing"]
    assert "nodes[1].parameters.options.batching" in lost


async def test_what_a_switch_never_sends_is_no_hindrance(stage: Stage) -> None:
    rules = {"rules": [{"operation": "equal", "value2": 1, "output": 1}]}
    raw = workflow(
        [
            START,
            node("Which", "switch", {"value1": "=1", "rules": rules}, 1),
            *[node(name, "set", fields(way=("string", name)), 3.4) for name in ("never", "one")],
            ANSWER,
        ],
        "Start -> Which", "Which -> never", "Which:1 -> one", "never -> Answer", "one -> Answer",
    )  # fmt: skip
    assert await answered(stage, raw) == [{"way": "one"}]


async def test_a_field_has_the_type_that_it_names(stage: Stage) -> None:
    asked = fields(
        n=("number", "={{ '5' }}"), b=("boolean", "={{ 'TRUE' }}"), a=("array", "=[1, {{ 1 + 1 }}]"),
        o=("object", "={{ {x: [1]} }}"), none=("number", "={{ $json.gone }}"), s=("string", "={{ 5 }}"),
    )  # fmt: skip
    seen = await set_to(stage, asked)
    assert seen == {"n": 5, "b": True, "a": [1, 2], "o": {"x": [1]}, "none": None, "s": 5}


def test_what_is_made_for_a_time_is_accounted_for() -> None:
    raw = workflow([START, node("X", "set", fields(t=("string", "={{ $now.year }}")), 3.4)], "Start -> X")
    imported = made.imported(raw)
    told = [one.message for one in imported.report.entries if one.place == "nodes[1]"]
    assert told == ["CREATE_DICTIONARY, and 3 nodes for it"]
