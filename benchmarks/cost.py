"""``python -m benchmarks.cost``: what does a million node executions cost?

Counts come from the engine's stage (``counting``), the engine's CPU from a running stack (``cpu``), prices from
``prices``.
"""

from benchmarks import counting, cpu, prices, running, shapes
from benchmarks.counting import Counts

_HEAD = ("one more", "nodes", "calls", "reads", "writes", "TTL", "tasks", "requests", "publishes", "$/million")


def table(counted: dict[str, Counts], cpu_seconds: float) -> str:
    """A row for each shape. ``cpu_seconds``: of the engine, a request."""
    units = {shape.name: shape.unit for shape in shapes.ALL}
    rows = [_row(f"{units[name]} of a {name}", counts, cpu_seconds) for name, counts in counted.items()]
    return "\n".join(_line(row) for row in (_HEAD, *rows))


def _row(name: str, counts: Counts, cpu_seconds: float) -> tuple[str, ...]:
    amounts = (
        counts.node_executions,
        counts.path,
        counts.reads,
        counts.writes,
        counts.documents,
        counts.task_operations,
        counts.requests,
        counts.publishes,
    )
    return (name, *(f"{amount:.2f}" for amount in amounts), f"{counts.dollars_a_million(cpu_seconds):.2f}")


def _line(row: tuple[str, ...]) -> str:
    return f"{row[0]:<28}" + "".join(f"{cell:>11}" for cell in row[1:])


def main() -> None:
    running.beside_a_stack("benchmarks.cost")
    chain = next(shape for shape in shapes.ALL if shape.name == "chain")
    seconds = cpu.of_a_node_execution(chain)
    print(table(counting.count_all(), seconds))
    print(f"\nThe engine's CPU, measured on a chain: {seconds * 1000:.1f} ms a node execution.")
    print(f"List prices of {prices.LOOKED_UP}, {prices.REGION}; an instance's CPU is {prices.BUSY:.0%} busy:")
    for price in prices.ALL:
        print(f"  ${price.dollars:g} for {price.per:,.0f} {price.what} ({price.source})")


if __name__ == "__main__":
    main()
