"""What the server makes of a field, and what it says it made."""

import math

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types

FieldTransform = types.DocumentTransform.FieldTransform


def transformed(api, path, *transforms, mask=()):
    write = api.update(path, mask=list(mask))
    write.update_transforms = transforms
    return write


async def field_after(api, transform, before=None):
    if before is not None:
        await api.commit(api.update("c/a", x=before))
    response = await api.commit(transformed(api, "c/a", transform))
    return (await api.get("c/a")).fields["x"], response.write_results[0].transform_results[0]


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        (None, 2, 2),
        (1, 2, 3),
        (1, 2.5, 3.5),
        ("text", 2, 2),
        (2**63 - 1, 5, 2**63 - 1),
        (-(2**63), -5, -(2**63)),
    ],
)
async def test_increment(api, before, by, after):
    stored, result = await field_after(api, FieldTransform(field_path="x", increment=api.value(by)), before)
    assert stored == result == api.value(after)


@pytest.mark.parametrize(
    ("kind", "before", "operand", "after"),
    [
        ("maximum", None, 1, 1),
        ("maximum", 1, 2.5, 2.5),
        ("maximum", 3, 2.5, 3),
        ("maximum", "a", 0, 0),
        ("maximum", 1, 1.0, 1),
        ("minimum", 3, 2.5, 2.5),
        ("minimum", 0, -0.0, 0),
    ],
)
async def test_maximum_and_minimum(api, kind, before, operand, after):
    stored, result = await field_after(api, FieldTransform(field_path="x", **{kind: api.value(operand)}), before)
    assert stored == result == api.value(after)


async def test_the_maximum_with_nan_is_nan(api):
    stored, _ = await field_after(api, FieldTransform(field_path="x", maximum=api.value(math.nan)), 5)
    assert math.isnan(stored.double_value)


@pytest.mark.parametrize(
    ("kind", "before", "operand", "after"),
    [
        ("append_missing_elements", None, [1, 1.0, 2], [1, 2]),
        ("append_missing_elements", [1, 3], [1.0, 2], [1, 3, 2]),
        ("append_missing_elements", "text", [1], [1]),
        ("remove_all_from_array", [1, 2, 1.0, "a"], [1], [2, "a"]),
        ("remove_all_from_array", None, [1], []),
    ],
)
async def test_arrays(api, kind, before, operand, after):
    transform = FieldTransform(field_path="x", **{kind: api.value(operand).array_value})
    stored, result = await field_after(api, transform, before)
    assert stored == api.value(after)
    assert result == api.value(None)


async def test_the_server_time_is_that_of_the_request_in_milliseconds(api):
    transform = FieldTransform(field_path="x", set_to_server_value=FieldTransform.ServerValue.REQUEST_TIME)
    response = await api.commit(transformed(api, "c/a", transform, transform))
    stored = (await api.get("c/a")).fields["x"].timestamp_value
    assert [r.timestamp_value for r in response.write_results[0].transform_results] == [stored, stored]
    assert stored.nanosecond % 1_000_000 == 0
    assert abs((response.commit_time - stored).total_seconds()) < 5


async def test_transforms_apply_in_order_and_reach_into_maps(api):
    more = FieldTransform(field_path="a.`odd.key`.n", increment=api.value(2))
    response = await api.commit(transformed(api, "c/a", more, more))
    assert [r.integer_value for r in response.write_results[0].transform_results] == [2, 4]
    stored = (await api.get("c/a")).fields["a"].map_value.fields["odd.key"].map_value.fields["n"]
    assert stored.integer_value == 4


async def test_a_transform_write_creates_the_document(api):
    transform = {"document": api.name("c/a"), "field_transforms": [{"field_path": "x", "increment": api.value(1)}]}
    await api.commit(types.Write(transform=transform))
    assert (await api.get("c/a")).fields["x"].integer_value == 1


async def test_increment_by_text_is_refused(api):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transformed(api, "c/a", FieldTransform(field_path="x", increment=api.value("a"))))


async def test_a_transform_of_nothing_is_refused(api):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(transformed(api, "c/a", FieldTransform(field_path="x")))


async def test_each_transform_of_a_write_tells_its_own_result(api):
    await api.commit(api.update("c/a", n=3))
    write = api.update("c/a", mask=[])
    write.update_transforms = [
        {"field_path": "n", "minimum": api.value(5)},
        {"field_path": "n", "increment": api.value(1)},
        {"field_path": "n", "append_missing_elements": {"values": [api.value(1)]}},
    ]
    (result,) = (await api.commit(write)).write_results
    assert list(result.transform_results) == [api.value(3), api.value(4), api.value(None)]
