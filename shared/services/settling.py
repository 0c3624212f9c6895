"""A node execution is recorded, and it reaches gates: what is ripe there now that it is done?

The snapshot is that of its own commit, or later: of two that commit together, the later sees both. Whatever is
decided on a snapshot stays right after it, since what cannot come then cannot come later; who is slower finds the
tokens consumed, loses, and reads again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain import labels, pairing, planning
from shared.domain.pairing import Held, Row
from shared.domain.plan import Plan
from shared.domain.records import Lost, NodeExecution
from shared.firestore import commits, gate_tokens, node_executions, reaching
from shared.services import runs, stopping
from shared.services.runs import Run

MAX_WEIGHED = 100
"""Active node executions that are weighed one by one. While more may still send to a gate, that gate waits."""

MAX_WRITES = 400
_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ripe:
    rows: Sequence[Row]
    fences: dict[str, str]  # of the tokens, by id


async def settle(run: Run, node: NodeExecution) -> list[NodeExecution]:
    """Fire what is ripe, and end the node execution's activity. The firings, with their fences. ``node`` is final,
    ``settling``, with the fence of that state."""
    read_time: datetime = commits.timestamp(node.update_time)
    made: list[NodeExecution] = []
    for _ in range(_ATTEMPTS):
        ripe = await _ripe(run, node, read_time)
        if ripe.rows and await stopping.is_stopping(node.execution_id):
            # Something that was to come may have been ended, and is missing in the snapshot.
            ripe = _Ripe(rows=[], fences={})
        done, fresh = await _fire(run, node, ripe)
        made += fresh
        if done:
            return made
        found, read_time = await node_executions.find_now(node.execution_id, node.id)
        if found is None or not found.settling:
            return made
        node = found
    raise TimeoutError(f"The gates of execution {node.execution_id} changed {_ATTEMPTS} times under a decision.")


async def _fire(run: Run, node: NodeExecution, ripe: _Ripe) -> tuple[bool, list[NodeExecution]]:
    """Rows in chunks, each row whole; the last chunk ends the settling. Whether all were written, and which."""
    birth = run.birth(node)
    made: list[NodeExecution] = []
    chunks = _chunks(ripe.rows)
    for number, rows in enumerate(chunks):
        children = [planning.fired(run.version.plan, run.block_type(row.node), row, birth) for row in rows]
        consumed = [(held, ripe.fences[held.id]) for row in rows for held in row.consumed]
        last = number == len(chunks) - 1
        committed = await node_executions.fire(node, children, consumed, last=last)
        if isinstance(committed, Lost):
            return False, made
        made += runs.fenced(children, committed.update_times[: len(children)])
    return True, made


def _chunks(rows: Sequence[Row]) -> list[list[Row]]:
    """At least one, which may be empty."""
    chunks: list[list[Row]] = [[]]
    size = 0
    for row in rows:
        writes = 1 + len(row.consumed)
        if chunks[-1] and size + writes > MAX_WRITES:
            chunks.append([])
            size = 0
        chunks[-1].append(row)
        size += writes
    return chunks


async def _ripe(run: Run, node: NodeExecution, read_time: datetime) -> _Ripe:
    plan = run.version.plan
    reached = list(node.gates)
    alone = [gate for gate in reached if _stands_alone(plan, gate)]
    rest = [gate for gate in reached if gate not in alone]
    found: list[tuple[Held, str]] = []
    rows: list[Row] = []
    for gate in alone:
        held = await _lists(run, node, gate, read_time)
        rows += pairing.decide(plan, [gate], [h for h, _ in held], [])
        found += held
    if rest:
        held, more = await _weigh(run, rest, read_time)
        rows += more
        found += held
    return _Ripe(rows=rows, fences={held.id: fence for held, fence in found})


def _stands_alone(plan: Plan, gate: str) -> bool:
    """A gather before which there is no gate and no cycle: what can come into it depends on active ones alone."""
    node = plan.nodes[gate]
    return node.gather and node.cycle is None and not any(gate in plan.nodes[other].reaches for other in plan.gates)


async def _lists(run: Run, node: NodeExecution, gate: str, read_time: datetime) -> list[tuple[Held, str]]:
    """The tokens of the lists into which nothing can come any more, and into which ``node`` might have sent: from
    those under its label outwards, as far as nothing is active there."""
    held: list[tuple[Held, str]] = []
    for prefix in _scopes(run.version.plan, node, gate):
        if await reaching.any_under(node.execution_id, gate, prefix, read_time):
            break
        under = await gate_tokens.held_under(node.execution_id, gate, prefix, read_time)
        held = [(h, fence) for h, fence in under if _lies_under(pairing.list_of(h), prefix)]
    return held


def _lies_under(label: labels.Label, prefix: labels.Label) -> bool:
    return labels.without_ways(label)[: len(prefix)] == prefix


def _scopes(plan: Plan, node: NodeExecution, gate: str) -> list[labels.Label]:
    """From the node execution's own label, if lists may begin at it or after it, to the whole execution."""
    label = labels.without_ways(node.label)
    if gate_tokens.is_wide(label) or not node.node_id:
        return [()]
    at = plan.nodes[node.node_id]
    begins = gate in at.opens or any(gate in plan.nodes[n].opens for n in at.reaches)
    return [*([label] if begins or not label else []), *(label[:i] for i in reversed(range(len(label))))]


async def _weigh(run: Run, gates: Sequence[str], read_time: datetime) -> tuple[list[tuple[Held, str]], list[Row]]:
    """All that is held at these gates and at those before them, against all that may still come. What still goes to
    one of them keeps no other waiting: whoever is last on its way to a gate may be this one."""
    plan, execution_id = run.version.plan, run.execution.id
    if await reaching.count(execution_id, _before(plan, gates), read_time) > MAX_WEIGHED:
        counts = {g: await reaching.count(execution_id, _before(plan, [g]), read_time) for g in gates}
        gates = [g for g in gates if counts[g] <= MAX_WEIGHED]
    closure = _before(plan, gates)
    active = await reaching.list_of(execution_id, closure, read_time)
    if any(not a.node for a in active):
        return [], []  # the start has not delivered everything: it settles itself
    held = await gate_tokens.held_at(execution_id, closure, read_time)
    return held, pairing.decide(plan, gates, [h for h, _ in held], active)


def _before(plan: Plan, gates: Sequence[str]) -> list[str]:
    """These gates and those from which one of them can be reached."""
    return [g for g in plan.gates if g in gates or plan.nodes[g].reaches.intersection(gates)]
