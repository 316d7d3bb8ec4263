"""Reads PostgreSQL's EXPLAIN in JSON: which tables were read how, by which index, and how much of them.

The plan is what the server in S says: believe it about cost, never about results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .failed import Failed

MAX_DEPTH = 100
OPTIONS = "ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON"
_REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")


@dataclass(frozen=True)
class PlanNode:
    """One operator of a plan that ran. Rows are those of all its loops."""

    kind: str
    """As PostgreSQL writes it: ``Seq Scan``, ``Index Only Scan``, ``Sort`` …"""
    table: str | None = None
    index: str | None = None
    rows: float = 0
    removed: float = 0
    """Rows it read and threw away."""
    pages: int = 0
    """Pages of 8 KiB it and all below it asked for, cached or not."""
    children: tuple[PlanNode, ...] = ()

    def walk(self) -> Iterator[PlanNode]:
        """This node and all below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Plan:
    """How one statement was executed."""

    root: PlanNode

    @property
    def rows(self) -> float:
        return self.root.rows

    @property
    def pages(self) -> int:
        """Pages of 8 KiB, the measure of work that no busy machine changes."""
        return self.root.pages

    @property
    def indexes(self) -> set[str]:
        """The names of the indexes that it read."""
        return {node.index for node in self.root.walk() if node.index is not None}

    def nodes(self, kind: str) -> list[PlanNode]:
        """The operators whose name is or starts with this one: ``Sort`` stands for ``Sort`` and its kin."""
        return [node for node in self.root.walk() if node.kind.startswith(kind)]

    def scans(self, table: str) -> list[PlanNode]:
        """The operators that read this table; one of kind ``Seq Scan`` reads all of it."""
        return [node for node in self.root.walk() if node.table == table]

    def reads_all(self, table: str) -> bool:
        """Whether it goes through the whole table."""
        return any(node.kind == "Seq Scan" for node in self.scans(table))

    def rows_read(self, table: str) -> float:
        """Rows of this table that it looked at, whether it kept them or not."""
        return sum(node.rows + node.removed for node in self.scans(table))

    def __str__(self) -> str:
        """``Limit ← Index Scan vuelos (vuelos_matricula)``, for messages."""
        return " ← ".join(_label(node) for node in self.root.walk())


def explain(connection: Any, statement: str, params: Sequence[Any] = ()) -> Plan:
    """The plan with which PostgreSQL just ran this statement, of which nothing remains.

    ``connection`` is psycopg's. Raises Failed when the answer is no plan, and psycopg's errors.
    """
    with connection.transaction(force_rollback=True):
        row = connection.execute(f"EXPLAIN ({OPTIONS}) {statement}", params).fetchone()
    return read_plan(row[0] if row else None)


def read_plan(answer: object) -> Plan:
    """The plan in what EXPLAIN (FORMAT JSON) gives. Raises Failed when there is none."""
    try:
        statement: Any = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
        return Plan(_node(statement["Plan"], 0))
    except (TypeError, ValueError, KeyError, AttributeError):
        raise Failed(
            es="El servidor no respondió con un plan de ejecución.",
            en="The server did not answer with an execution plan.",
            got=str(answer)[:300],
        ) from None


def _node(data: Any, depth: int) -> PlanNode:
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    loops = float(data["Actual Loops"])
    return PlanNode(
        kind=_text(data["Node Type"]),
        table=_text(data["Relation Name"]) if "Relation Name" in data else None,
        index=_text(data["Index Name"]) if "Index Name" in data else None,
        rows=float(data["Actual Rows"]) * loops,
        removed=sum(float(data.get(name, 0)) for name in _REMOVED) * loops,
        pages=int(data.get("Shared Hit Blocks", 0)) + int(data.get("Shared Read Blocks", 0)),
        children=tuple(_node(child, depth + 1) for child in data.get("Plans", ())),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no name")
    return value


def _label(node: PlanNode) -> str:
    index = f" ({node.index})" if node.index else ""
    return f"{node.kind}{f' {node.table}' if node.table else ''}{index}"
