"""Which block takes a sample of data?"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from random import Random  # noqa: TID251 - as a type; the generator comes from chance
from typing import Any

from pydantic import Field

from shared.blocks import bounds, chance, rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

Items = list[Any]
ROWS = [{"n": 0, "c": "x"}, {"n": 1, "c": "y"}, {"n": 2, "c": "x"}, {"n": 3, "c": "x"}]


class SamplingMethod(Enum):
    RANDOM = "random"
    SYSTEMATIC = "systematic"
    TOP = "top"
    BOTTOM = "bottom"
    STRATIFIED = "stratified"
    WEIGHTED = "weighted"
    RESERVOIR = "reservoir"
    CLUSTER = "cluster"


class DataSamplingBlock(Block):
    block_type = "DATA_SAMPLING"
    category = "LOGIC"
    description = "Takes a sample of data: by chance, evenly, from an end, or by groups, weights or clusters."
    examples = [
        Example(
            title="The first two",
            input={"data": ROWS, "sample_size": 2, "sampling_method": "top"},
            output=[("sampled_data", ROWS[:2]), ("sample_indices", [0, 1])],
        ),
        Example(
            title="Every second",
            input={"data": ROWS, "sample_size": 2, "sampling_method": "systematic", "random_seed": 3},
            output=[("sampled_data", [ROWS[0], ROWS[2]]), ("sample_indices", [0, 2])],
        ),
        Example(
            title="All of a cluster",
            input={
                "data": ROWS,
                "sample_size": 1,
                "sampling_method": "cluster",
                "cluster_key": "c",
                "random_seed": 1,
            },
            output=[("sampled_data", [ROWS[0], ROWS[2], ROWS[3]]), ("sample_indices", [0, 2, 3])],
        ),
        Example(
            title="More than there is",
            input={"data": {"n": 1}, "sample_size": 5},
            output=[("sampled_data", [{"n": 1}]), ("sample_indices", [0])],
        ),
        Example(
            title="Of what came one by one",
            input={"data": [ROWS[0], ROWS[1:3]], "accumulate": True, "sample_size": 2, "sampling_method": "bottom"},
            output=[("sampled_data", ROWS[1:3]), ("sample_indices", [1, 2])],
        ),
        Example(
            title="A key is missing",
            input={"data": ROWS, "sample_size": 2, "sampling_method": "stratified"},
            fails="stratify_key",
        ),
    ]

    class Input(BlockInput):
        data: dict[str, Any] | list[dict[str, Any] | list[Any]] = Field(description="Records, lists, or one record.")
        sample_size: int = Field(
            default=10, description="How many to take; of fewer, all. Of clusters, how many of these."
        )
        sampling_method: SamplingMethod = Field(default=SamplingMethod.RANDOM, description="How they are chosen.")
        accumulate: bool = Field(
            default=False,
            description="Whether data is what GATHER collected: records and lists of some.",
        )
        random_seed: int | None = Field(default=None, description=chance.SEED)
        stratify_key: str | None = Field(
            default=None, description="The field whose values are sampled in proportion."
        )
        weight_key: str | None = Field(default=None, description="The field with the weight of a record.")
        cluster_key: str | None = Field(default=None, description="The field whose values are the clusters.")

    class Output(BlockOutput):
        sampled_data: list[dict[str, Any] | list[Any]] = Field(description="The sample.")
        sample_indices: list[int] = Field(description="Where each was in the data.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        data: Items = input.data if isinstance(input.data, list) else [input.data]
        if input.accumulate:
            data = bounds.taken(_joined(data), "The gathered data")
        if input.sample_size < 1:
            raise errors.BlockError(f"A sample has one element at least, not {input.sample_size}")
        whole = len(data) <= input.sample_size and input.sampling_method != SamplingMethod.CLUSTER
        drawn = chance.generator(context, input.random_seed)
        indices = list(range(len(data))) if whole else METHODS[input.sampling_method](data, input, drawn)
        yield "sampled_data", [data[index] for index in indices]
        yield "sample_indices", indices


def _joined(came: Items) -> Iterator[Any]:
    """The records of what came one by one, each a record or a list of some."""
    for one in came:
        yield from one if isinstance(one, list) else [one]


def _systematic(data: Items, input: DataSamplingBlock.Input, drawn: Random) -> list[int]:
    step = len(data) // input.sample_size
    start = drawn.randrange(step)
    return [start + position * step for position in range(input.sample_size)]


def _stratified(data: Items, input: DataSamplingBlock.Input, drawn: Random) -> list[int]:
    """Of each group its share, by the largest remainders, so that together they are as many as asked for."""
    groups = _groups(data, input.stratify_key, "stratify_key")
    shares = {key: len(some) * input.sample_size / len(data) for key, some in groups.items()}
    counts = {key: int(share) for key, share in shares.items()}
    by_remainder = sorted(shares, key=lambda key: counts[key] - shares[key])
    for key in by_remainder[: input.sample_size - sum(counts.values())]:
        counts[key] += 1
    return sorted(index for key, some in groups.items() for index in drawn.sample(some, counts[key]))


def _weighted(data: Items, input: DataSamplingBlock.Input, drawn: Random) -> list[int]:
    if not input.weight_key:
        raise _missing("weight_key")
    return drawn.choices(range(len(data)), chance.weights(data, input.weight_key), k=input.sample_size)


def _cluster(data: Items, input: DataSamplingBlock.Input, drawn: Random) -> list[int]:
    groups = _groups(data, input.cluster_key, "cluster_key")
    chosen = drawn.sample(list(groups), min(input.sample_size, len(groups)))
    return sorted(index for key in chosen for index in groups[key])


def _groups(data: Items, key: str | None, pin: str) -> dict[str, list[int]]:
    if not key:
        raise _missing(pin)
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(data):
        groups.setdefault(rules.as_text(rules.at(one, key)), []).append(index)
    return groups


def _missing(pin: str) -> errors.BlockError:
    return errors.BlockError(f"This way of sampling needs the pin {pin}: name a field")


def _by_chance(data: Items, input: DataSamplingBlock.Input, drawn: Random) -> list[int]:
    return drawn.sample(range(len(data)), input.sample_size)


METHODS: Mapping[SamplingMethod, Callable[[Items, DataSamplingBlock.Input, Random], list[int]]] = {
    SamplingMethod.RANDOM: _by_chance,
    SamplingMethod.RESERVOIR: _by_chance,  # a reservoir is how one draws from what has no known end; this has
    SamplingMethod.SYSTEMATIC: _systematic,
    SamplingMethod.TOP: lambda data, asked, _: list(range(asked.sample_size)),
    SamplingMethod.BOTTOM: lambda data, asked, _: list(range(len(data) - asked.sample_size, len(data))),
    SamplingMethod.STRATIFIED: _stratified,
    SamplingMethod.WEIGHTED: _weighted,
    SamplingMethod.CLUSTER: _cluster,
}
