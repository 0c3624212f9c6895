"""Many calls, some at a time: all run, their answers come in order, and nothing is left over where it is cut off."""

import asyncio

import pytest

from shared.services import some_at_a_time


class Calls:
    def __init__(self):
        self.running = self.most = self.done = 0

    async def one(self, number):
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.done += 1
        if number in (3, 5):
            raise ValueError(number)
        return number


@pytest.mark.parametrize(("count", "most"), [(0, 0), (1, 1), (3, 2)])
async def test_all_run_and_answer_in_order(count, most):
    calls = Calls()
    assert await some_at_a_time.gather([calls.one(number) for number in range(count)], 2) == list(range(count))
    assert (calls.done, calls.most) == (count, most)


async def test_where_one_fails_the_others_still_run():
    calls = Calls()
    with pytest.raises(ValueError, match="3"):
        await some_at_a_time.gather([calls.one(number) for number in range(9)], 4)
    assert calls.done == 9


@pytest.mark.parametrize("turns", [1, 2, 3])
async def test_what_has_not_begun_when_it_is_cut_off_never_does(turns):
    never = asyncio.Event()
    calls = [never.wait() for _ in range(9)]
    whole = asyncio.create_task(some_at_a_time.gather(calls, 2))
    for _ in range(turns):
        await asyncio.sleep(0)
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert all(call.cr_frame is None for call in calls)
