"""How rows of results pass the reorder memory of a column, and how they lie in memory."""

from dataclasses import dataclass

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn import layout
from pyralis.gen.gcn.steps import Step
from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.program import Source
from pyralis.hw.gcn.results import RESULT_WORDS

__all__ = ["ResultForm", "result_form"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultForm:
    """Of one matrix of results.

    Attributes
    ----------
    row, last : int
        Bytes of a row, and of its last slice that are kept.
    parts : int
        log2 of the words that a row has in the reorder memory.
    group : int
        log2 of the rows of a column that are begun together.
    stride : int
        Bytes from the rows of a column to those of the next one, whole bus beats.
    written : int
        Bytes of all columns, each filled up to whole bus beats.
    """

    row: int
    last: int
    parts: int
    group: int
    stride: int
    written: int


def result_form(config: GcnConfig, step: Step, nodes: int, width: int) -> ResultForm:
    """Form of the *nodes* rows of *width* elements that *step* makes.

    Raises
    ------
    UserError
        Rows that are begun together have more words than the reorder memory.
    """
    size = layout.SIZES[step.operation.epilogue.output]
    last = (width - (step.slices - 1) * config.lanes) * size
    words = (step.slices - 1) * size + -(-last // config.lanes)
    parts = (words - 1).bit_length()
    longest = -(-nodes // config.columns)
    columns = np.array([layout.beats(config, rows * width * size) for rows in _rows(config, nodes)])
    beat = config.bus_bits // 8
    return ResultForm(
        row=width * size,
        last=last,
        parts=parts,
        group=_dense(config, step, parts) if _is_dense(step) else _sparse(config, longest, parts),
        stride=int(columns.max()) * beat,
        written=int(columns.sum()) * beat,
    )


def _rows(config: GcnConfig, nodes: int) -> list[int]:
    """Rows of each column."""
    return [-(-(nodes - column) // config.columns) for column in range(config.columns)]


def _is_dense(step: Step) -> bool:
    return step.is_combine and step.source is not Source.FEATURES


def _dense(config: GcnConfig, step: Step, parts: int) -> int:
    """A dense combination makes the slices of ``pe_rows`` rows in turn: all of these rows must have room."""
    words = config.pe_rows << parts
    if words > RESULT_WORDS:
        what = f"{config.pe_rows} rows of results at a time take {words} words of {config.lanes} bytes, and "
        what += f"the reorder memory has {RESULT_WORDS}"
        where = f"operation {step.operation.name!r}"
        raise UserError(what, where, "use a narrower layer or a smaller type of output")
    return config.pe_rows.bit_length() - 1


def _sparse(config: GcnConfig, rows: int, parts: int) -> int:
    """Sparse rows are finished in any order: as many of them at a time as fit twice, of each cluster one."""
    most = (RESULT_WORDS // 2).bit_length() - 1 - parts
    return max(min(rows.bit_length() - 1, most), config.clusters.bit_length() - 1)
