"""The program of the graph core: a list of 128-byte descriptors in memory.

The core fetches descriptors in order and hands each to the unit of its opcode. The units work side by side,
each on its own descriptors in order, so that loads, the Aggregation Engine, the Combination Engine and stores
overlap; what must not overlap is said by the ``after_*`` fields: a descriptor begins when each unit has ended
at least that many descriptors of this run. An aggregation reads its lists as soon as enough loads have ended;
all else of it waits for ``after_aggregate`` and ``after_combine`` too. If its rows go to memory, it takes
that way together with its lists, and must not wait for a combination whose rows go there as well.
A load of scales has ended when it begins: who reads a scale waits for it. A descriptor whose rows go to
memory has ended when they are on their way; a load that reads them says ``after_writes``.

A matrix of rows with F elements has ``ceil(F / lanes)`` slices (narrow rows one), and row v of slice s stands
in the row store at word ``base + s * stride + v``. Row v belongs to column ``v mod columns``; bases and
strides are multiples of ``columns``, so that a column writes to its own banks only. Only a matrix that is
gathered, and nothing else, can have any stride.

Memory
------
Addresses are byte offsets from a base register (:class:`Origin`), multiples of a bus beat.

* ``EDGES``, ``FEATURES``: lines of eight 16-bit entries, those of all columns (or of all gather clusters;
  cluster k of column c is number ``c * clusters + k``) in turn: line i of column c is line
  ``i * columns + c``. A line takes 16 bytes; with values 32 (:func:`line_bytes`): entries, values, 8 bytes
  unused. Without values, entries of a core that multiplies count 1.
* Lines without values can be *compact*, where the core takes them (:func:`takes_compact`), with nothing
  between lines. Entries of ``EDGES`` have 13 bits then, index below and mark above. An index is less than
  3,584, so that its three highest bits are set only where all are, which means what it means in 15.
* Entries of compact lines of ``FEATURES`` have 10 bits, a *gap* below and the mark above, and the indices of
  a row ascend: the first index is the gap, a later one the index before, plus 1, plus the gap. All bits of a
  gap set are an *escape*: it names no source, and stands for 511 indices that the row does not have, so that
  the next index is 511 more. A row without entries is an escape with the mark.
* Lists of ``EDGES`` that an aggregation samples have two entries more in front of each row: its degree, and
  15 bits of the number of its node (:mod:`pyralis.hw.gcn.draws`). An empty row has degree 0 and the one
  entry that names no source.
* ``WEIGHTS``: rows of ``lanes`` int8. That of element k and slice s of the results is row
  ``weight_base + s * weight_stride + k``.
* ``BIASES``: int32, ``lanes`` of them a slice. ``SCALES``: uint16 in the order of the rows.
* ``ROWS``: words of the row store. A load that *eliminates* has ``count`` rows at ``source``, of which it
  brings the bus beats with a row in some window of the Sparsity Eliminator: in order, each once, and their
  words one behind the other, from word ``start`` on. ``beats`` says how many these are, or 0. Where several
  rows are in a beat, a load that is ``grouped`` looks for beats.
* ``OCCUPANCY``: bitmaps for it, in words of 64 bits. Bit n of word k says that row ``64 k + n`` of those that
  a load looks through is gathered by someone.
* Results: those of a column lie together and without gaps. Row r of column c, which is row
  ``r * columns + c``, is at ``result_address + c * result_stride + r * row_bytes``; its slices, of elements
  of ``size`` 1, 2 or 4 bytes, have ``lanes * size`` bytes each, and the last one ``result_last``. What is
  behind the last row of a column up to the end of the bus beat is 0.
"""

from functools import partial

from amaranth.lib import enum

from pyralis.hw.common.descriptor import descriptor
from pyralis.hw.gcn.config import INDEX_BITS, LINE, GcnConfig
from pyralis.hw.gcn.draws import SAMPLE_SETTINGS
from pyralis.hw.gcn.eliminator import Elimination
from pyralis.hw.gcn.epilogue import BIAS_SLICES, EPILOGUE_SETTINGS
from pyralis.hw.gcn.lines import SLICE_BITS
from pyralis.hw.gcn.simdcore import AGGREGATION_SETTINGS

__all__ = [
    "AGGREGATE",
    "COMBINE",
    "COMPACT_BITS",
    "END",
    "FAULTS",
    "GAP_BITS",
    "LOAD",
    "SHORT_ROWS",
    "STORE",
    "VERSION",
    "Content",
    "ErrorCode",
    "Opcode",
    "Origin",
    "Source",
    "Target",
    "line_bytes",
    "scale_depth",
    "takes_compact",
]

VERSION = 4

GAP_BITS = 9
"""Bits of a gap in compact lines of features."""


def line_bytes(valued: bool, index_bits: int = INDEX_BITS) -> int:
    """Bytes of a line in memory: without short indices a power of two, so that no line goes across beats."""
    return 4 * LINE if valued else (index_bits + 1) * LINE // 8


def scale_depth(config: GcnConfig) -> int:
    """Scales that a column holds for each engine."""
    return config.scale_rows or config.banks * config.store_rows


class Opcode(enum.Enum, shape=8):
    """What a descriptor asks for, and of which unit."""

    END = 0
    LOAD = 1
    AGGREGATE = 2
    COMBINE = 3
    STORE = 4


class Content(enum.Enum, shape=3):
    """What a load brings."""

    EDGES = 0
    FEATURES = 1
    WEIGHTS = 2
    BIASES = 3
    SCALES = 4
    ROWS = 5
    OCCUPANCY = 6


SHORT_ROWS = 7 << 9
"""What compact lines of edges can name: where the three highest bits are set, the others are too."""

COMPACT_BITS = {Content.EDGES: 12, Content.FEATURES: GAP_BITS}
"""Bits of an index, or of a gap, in compact lines of each content."""


def takes_compact(config: GcnConfig, content: Content) -> bool:
    """Whether a core reads compact lines: its bus is wide, and a beat has no two lines of the same column."""
    beats = 256 <= config.bus_bits <= (GAP_BITS + 1) * LINE * config.columns
    return content in COMPACT_BITS and beats


class Origin(enum.Enum, shape=2):
    """Base register that an address counts from."""

    WEIGHTS = 0
    """What does not change from run to run: graph, weights, biases, scales."""
    INPUT = 1
    """Advances by ``input_stride`` each run."""
    OUTPUT = 2
    """Advances by ``output_stride`` each run: results, and rows that were stored by this run."""


class Source(enum.Enum, shape=2):
    """Where a combination takes its rows from."""

    FEATURES = 0
    """Sparse rows, from the line buffers of the gather clusters."""
    CHAIN = 1
    """The aggregation that runs beside it, through the Aggregation Buffers."""
    ROWS = 2
    """The row store."""


class Target(enum.Enum, shape=2):
    """Where rows go."""

    ROWS = 0
    """The row store."""
    CHAIN = 1
    """The combination that runs beside this aggregation."""
    MEMORY = 2


class ErrorCode(enum.Enum, shape=8):
    """Why the core stopped; ``error_index`` is the index of the descriptor at fault."""

    NONE = 0
    OPCODE = 1
    VERSION = 2
    FIELD = 3
    """A field of the descriptor is out of this core's range."""
    PROGRAM_BUS = 4
    """Bus error while fetching the program; the next four: of the other clients of the memory."""
    EDGES_BUS = 5
    FEATURES_BUS = 6
    WEIGHTS_BUS = 7
    OUTPUTS_BUS = 8
    TIMEOUT = 9
    """Nothing moved for ``timeout`` cycles."""


FAULTS = {
    "program_bus": ErrorCode.PROGRAM_BUS,
    "edges_bus": ErrorCode.EDGES_BUS,
    "features_bus": ErrorCode.FEATURES_BUS,
    "weights_bus": ErrorCode.WEIGHTS_BUS,
    "outputs_bus": ErrorCode.OUTPUTS_BUS,
}
"""Fault pulses that the datapath raises, and what the driver reads."""


_AFTER = dict.fromkeys(("after_load", "after_aggregate", "after_combine", "after_store"), 16)

_FOLLOWS = {"follows": 1}
"""Sparse rows come with the load behind the ``after_load`` ones: it has to have begun, not to have ended, and
the line buffers wait for each line. Without, nothing more is waited for."""

_FINISH = {
    # How sums become rows, and where these go: the same of both engines.
    "epilogue": EPILOGUE_SETTINGS,
    "scaled": 1,  # each row has a scale of its own, from word scale_base on; otherwise `scale`
    "scale": 16,
    "scale_base": 16,  # number in the column's memory of scales
    "bias_base": (BIAS_SLICES - 1).bit_length(),  # slice of biases of slice 0
    "target": Target,
    "target_splits": 2,  # log2 of the parts of a word that narrow rows are written to
    "target_hubs": 1,  # the first rows are copied to all cores, at target_hub_base
    "target_hub_base": INDEX_BITS,
    "target_hub_bits": 4,
    "target_base": INDEX_BITS + 1,
    "target_stride": INDEX_BITS + 1,
    # Rows that go to memory.
    "result_address": 32,  # byte offset from output_address; a multiple of a bus beat, as the stride
    "result_stride": 32,  # bytes from the rows of a column to those of the next one
    "result_last": 7,  # bytes of the last slice of a row that are kept
    "result_parts": 4,  # log2 of the words of `lanes` bytes that a row has in the reorder memory
    "result_group": 4,  # log2 of the rows of a column that are begun together
}

_descriptor = partial(descriptor, Opcode)

END = _descriptor({})

LOAD = _descriptor({
    **_AFTER,
    "content": Content,
    "origin": Origin,
    "engine": 1,  # biases and scales: 0 of the Aggregation Engine, 1 of the Combination Engine
    "both": 1,  # scales: of both engines
    "resident": 1,  # only in the first run, if the core is told so: what is loaded stays (it counts as ended)
    "valued": 1,  # lines have eight int8 values behind their entries
    "compact": 1,  # lines have short entries
    "bias_shift": EPILOGUE_SETTINGS.members["bias_shift"],  # biases: of the descriptor that they are for
    "shift": EPILOGUE_SETTINGS.members["shift"],
    "after_writes": 1,  # what those that it waits for have sent to memory is there
    "pad": 11,
    "source": 32,
    "beats": 32,  # bus beats to read
    "start": 32,  # first line, weight row, slice of biases, scale, word of the row store or of bitmaps
    "count": 32,  # lines of a column or cluster, weight rows, biases, scales of a column, words
    "eliminate": Elimination,  # rows: which ones are left out
    "grouped": 1,  # of these, `count`, `height` and bitmap are of groups: bus beats, or rows that are longer
    "pad_rows": 13,
    "height": 16,  # rows of a window
    "occupancy": 16,  # first word of the bitmap
})

AGGREGATE = _descriptor({
    **_AFTER,
    **_FOLLOWS,
    **AGGREGATION_SETTINGS.members,
    # The adjacency.
    "rows": 32,  # of all columns
    "start": 16,  # first line
    "group_rows": 16,  # rows of a column that are repeated for every slice, before the next ones
    "slices": SLICE_BITS,
    "base": INDEX_BITS,  # word of row 0, slice 0 of the source
    "stride": INDEX_BITS,  # any; 1 where the slices of a row are words side by side
    "sample": SAMPLE_SETTINGS,
    # An earlier matrix that is added.
    "extra": 1,
    "extra_base": INDEX_BITS,
    "extra_stride": INDEX_BITS,
    **_FINISH,
})

COMBINE = _descriptor({
    **_AFTER,
    **_FOLLOWS,
    "source": Source,
    "cooperative": 1,
    "valued": 1,
    "is_signed": 1,
    "second_signed": 1,
    "rows": 32,  # of all columns
    "start": 16,  # first line of sparse rows
    "elements": 16,  # of a dense row, those of a second source included
    "boundary": 16,  # of these, how many belong to the first source: all, or a multiple of `lanes`
    "slices": SLICE_BITS,  # of a row of results
    "weight_base": INDEX_BITS,
    "weight_stride": INDEX_BITS,  # from the weights of one slice to the next; of dense rows, `elements`
    "base": INDEX_BITS,  # rows of the store
    "stride": INDEX_BITS,
    "second_base": INDEX_BITS,
    "second_stride": INDEX_BITS,
    **_FINISH,
})

STORE = _descriptor({
    **_AFTER,
    "base": INDEX_BITS,
    "pad": 17,
    "words": 32,
    "address": 32,  # byte offset from output_address
    "beats": 32,
})
