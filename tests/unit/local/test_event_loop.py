"""Where requests follow closely the loop looks for the next before it sleeps; else it sleeps at once."""

import asyncio
import os
import selectors
import socket

import pytest

from local import event_loop
from local.event_loop import Patience, Selector


class Clock:
    """Says a little more each time; ``pause`` says when much more."""

    def __init__(self, step=1e-6):
        self.now, self.step, self.asked, self.pause = 0.0, step, 0, {}

    def __call__(self):
        self.asked += 1
        self.now += self.pause.pop(self.asked, self.step)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watched(clock, monkeypatch):
    """A selector of one socket, the other end, and how it was asked to wait."""
    waits, select = [], selectors.DefaultSelector.select

    def wait(self, timeout=None):
        waits.append(timeout)
        return select(self, 0)

    monkeypatch.setattr(selectors.DefaultSelector, "select", wait)
    ours, theirs = socket.socketpair()
    with Selector(clock) as selector, ours, theirs:
        selector.register(ours, selectors.EVENT_READ)
        yield selector, theirs, waits


def sleeps(waits):
    return [wait for wait in waits if wait != 0]


def test_patience_grows_with_what_follows_closely_and_goes_with_what_does_not():
    patience = Patience()
    assert not patience.pays
    for _ in range(100):
        patience.waited(50e-6)
    assert patience.pays
    for _ in range(3):
        patience.waited(1.0)
        assert patience.pays
    patience.waited(1.0)
    assert not patience.pays
    patience.waited(50e-6)
    assert patience.pays
    patience.interrupted()
    for _ in range(64):
        patience.waited(50e-6)
        assert not patience.pays
    patience.waited(50e-6)
    assert patience.pays


def test_a_first_wait_is_a_sleep(watched):
    selector, _, waits = watched
    assert selector.select(None) == []
    assert selector.select(5.0) == []
    assert waits[0] is None


def test_what_comes_within_a_moment_is_seen_without_a_sleep(watched, clock):
    selector, theirs, waits = watched
    selector.select(None)
    waits.clear()
    theirs.send(b"1")
    ((key, _),) = selector.select(None)
    assert (key.fileobj is not theirs, waits) == (True, [0])


def test_after_a_moment_it_sleeps(watched, clock):
    selector, _, waits = watched
    selector.select(None)
    waits.clear()
    selector.select(3.0)
    assert waits[-1] == 3.0
    assert 50 < len(waits) < 110
    assert not any(waits[:-1])


def test_where_others_need_the_core_it_stops_looking(watched, clock):
    selector, _, waits = watched
    selector.select(None)
    waits.clear()
    clock.pause[clock.asked + 3] = 1e-3
    selector.select(None)
    assert waits == [0, 0, None]
    waits.clear()
    selector.select(None)
    assert waits == [None]


@pytest.mark.parametrize("timeout", [0, -1, 50e-6])
def test_what_is_due_soon_is_not_kept_waiting(watched, timeout):
    selector, _, waits = watched
    selector.select(None)
    waits.clear()
    selector.select(timeout)
    assert waits == [timeout]


@pytest.mark.parametrize("cores", [1, 2])
def test_only_where_another_core_is_left_it_looks(monkeypatch, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    loop = event_loop.new_event_loop()
    assert isinstance(loop._selector, Selector) is (cores > 1)
    loop.close()


def test_a_program_runs_in_it_as_in_any_loop():
    async def main():
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait(), await asyncio.to_thread(lambda: 7), await asyncio.sleep(0.001, 8)

    assert event_loop.run(main()) == (0, 7, 8)
