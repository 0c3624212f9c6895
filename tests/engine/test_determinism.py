"""What the property tests found: cases in which the answer depended on which token came first."""

import pytest

from tests.engine.stage import Stage
from tests.engine.test_gates import agent_output, run


@pytest.mark.parametrize("seed", range(6))
async def test_the_parts_of_a_dictionary_stand_in_the_order_of_their_links(stage: Stage, seed: int) -> None:
    stage.random.seed(seed)
    parts = [
        {"id": f"n{i}", "block_type": "TEXT_PROCESSING", "input_data": {"text": f"t{i}", "operation": "upper"}}
        for i in range(4)
    ]
    seen = await run(
        stage,
        [*parts, {"id": "all", "block_type": "CREATE_DICTIONARY"}, agent_output()],
        [*(f"n{i}.processed_text -> all.values_#_k{i}" for i in (2, 0, 3, 1)), "all.dictionary -> out.value"],
        {},
    )
    assert list(seen["output"]["out"][0]) == ["k2", "k0", "k3", "k1"]
