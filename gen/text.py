"""Text for terminals: tables and numbers with units."""

from collections.abc import Sequence

__all__ = ["percent", "table"]

NUMERIC = tuple("+-0123456789")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they must be; those whose cells all begin like a number are right aligned."""
    cells = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(head, *cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [len(column) > 1 and all(cell[:1] in NUMERIC for cell in column[1:]) for column in columns]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, cells)])


def percent(share: float, digits: int = 1) -> str:
    """``percent(0.9722)`` is ``"97.2 %"``."""
    return f"{100 * share:.{digits}f} %"
