"""RTL of pyralis.hw.gcn.loadlines against the lines that the compiler packs."""

import random
import re

import numpy as np
import pytest
from loading import ascending_rows, beats_of, entries_of, random_rows
from pysim import send, simulate, take

from pyralis.hw.gcn.config import LINE, NO_SOURCE
from pyralis.hw.gcn.loadlines import LineLoader
from pyralis.hw.gcn.program import COMPACT_BITS, SHORT_ROWS, Content

SHAPES = [
    # bus, columns, clusters: one line, two, four a beat (of all streams, and of some); 2 and 4 beats a line
    (128, 2, 1),
    (256, 2, 1),
    (512, 4, 1),
    (512, 4, 2),
    (64, 2, 1),
    (32, 1, 1),
    (128, 1, 1),
]


def loaded(rows, bus, columns, clusters, start):
    """A load of *rows*: its payload, its beats, and the lines of a stream."""
    packed = rows.packed(columns, clusters)
    count = len(packed) // (columns * clusters)
    load = {"start": start, "lines": count, "valued": packed.shape[1] == 32}
    return load, beats_of(bus, packed.tobytes()), count


def run(loader, loads, beats, rng, stall, counts):
    """Jobs and lines of each stream, and the cycles of the pulses ``begun`` and ``done``."""
    jobs, lines = ([[] for _ in range(loader.streams)] for _ in range(2))
    pulses = {"begun": [], "done": []}

    async def give(ctx):
        """The beats of each load, when it has been taken: in the core, the channel sees to that."""
        for words in beats:
            await ctx.tick().until(loader.load.valid & loader.load.ready)
            await send(loader.beats, words, rng, stall)(ctx)

    async def watch(ctx):
        cycle = 0
        while True:
            _, _, begun, done = await ctx.tick().sample(loader.begun, loader.done)
            for name, pulse in (("begun", begun), ("done", done)):
                if pulse:
                    pulses[name].append(cycle)
            cycle += 1

    simulate(
        loader,
        send(loader.load, loads, rng, stall),
        give,
        *(
            take(port, got, rng, stall, count=len(loads))
            for port, got in zip(loader.loads, jobs, strict=True)
        ),
        *(
            take(port, got, rng, stall, count=sum(counts))
            for port, got in zip(loader.lines, lines, strict=True)
        ),
        background=[watch],
    )
    return jobs, lines, pulses


@pytest.mark.parametrize(("bus", "columns", "clusters"), SHAPES)
@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize("values", [False, True])
def test_lines_arrive_where_they_belong(bus, columns, clusters, stall, values):
    """Three loads; where there are values, plain lines between valued ones, whose entries then count 1."""
    rng = np.random.default_rng(bus + columns + clusters)
    streams = columns * clusters
    loader = LineLoader(bus, streams, values=values, fill=1)
    kinds, starts = [values, False, values], (3, 0, 65000)
    matrices = [random_rows(rng, 9 * streams + 1, 12, valued=kind) for kind in kinds]
    loads, beats, counts = zip(
        *(loaded(rows, bus, columns, clusters, start) for rows, start in zip(matrices, starts, strict=True)),
        strict=True,
    )
    jobs, lines, pulses = run(loader, loads, beats, random.Random(bus), stall, counts)
    for s in range(streams):
        assert [(job.start, job.lines) for _, job in jobs[s]] == list(zip(starts, counts, strict=True))
        words = [line.as_bits() for _, line in lines[s]]
        for rows, count, kind in zip(matrices, counts, kinds, strict=True):
            own = rows.of_stream(s, columns, clusters)
            assert entries_of(words[:count], len(own), valued=values) == with_values(own, kind, values)
            words = words[count:]
        assert not words
    begun, done = pulses["begun"], pulses["done"]
    assert len(begun) == len(done) == 3
    if not stall:  # a beat a cycle from the load jobs to the last line
        spent = [after - before for before, after in zip(begun, done, strict=True)]
        assert spent == [len(words) for words in beats]


def with_values(rows, valued, values):
    """Entries as they arrive: without values of their own 1 where there is room for one."""
    if valued:
        return [[(index, 0 if index == NO_SOURCE else value) for index, value in row] for row in rows]
    return [[(index, 1 if values else None) for index, _ in row] for row in rows]


@pytest.mark.parametrize("content", list(COMPACT_BITS))
@pytest.mark.parametrize(
    ("bus", "columns", "clusters", "values"),
    [(128, 2, 1, True), (256, 4, 1, False), (512, 16, 1, False), (512, 8, 2, True)],
)
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_compact_lines_are_as_wide_as_others_when_they_arrive(content, bus, columns, clusters, stall, values):
    """Loads of several lengths, one of common lines between, rubbish behind each."""
    rng = np.random.default_rng(bus + columns + clusters)
    streams, bits = columns * clusters, COMPACT_BITS[content]
    gaps = content is Content.FEATURES
    loader = LineLoader(bus, streams, values=values, compact=bits, gaps=gaps, fill=1)
    shapes, compact = [(7 * streams + 1, 12), (3 * streams, 9), (1, 1), (9 * streams, 7)], [1, 0, 1, 1]
    matrices = []
    for (rows, most), short in zip(shapes, compact, strict=True):
        if gaps and short:
            matrices.append(ascending_rows(rng, rows, most))
        else:
            matrices.append(random_rows(rng, rows, most, valued=False, below=SHORT_ROWS))
    loads, beats, counts = [], [], []
    for rows, short in zip(matrices, compact, strict=True):
        image = rows.packed(columns, clusters, compact=content if short else None)
        counts.append(len(image) // streams)
        loads.append({"start": 5, "lines": counts[-1], "valued": 0, "compact": short})
        beats.append(beats_of(bus, image.tobytes(), filling=0x5A))
        size = LINE * (bits + 1 if short else 16)
        assert len(beats[-1]) == -(-counts[-1] * streams * size // bus)
    _, lines, pulses = run(loader, loads, beats, random.Random(bus), stall, counts)
    for s in range(streams):
        words = [line.as_bits() for _, line in lines[s]]
        for rows, count in zip(matrices, counts, strict=True):
            own = rows.of_stream(s, columns, clusters)
            found = entries_of(words[:count], len(own), valued=values)
            assert sourced(found) == sourced(with_values(own, False, values))
            words = words[count:]
        assert not words
    if not stall:  # a beat a cycle, and what the decoder takes behind the last one
        spent = [after - before for before, after in zip(pulses["begun"], pulses["done"], strict=True)]
        for took, words, short in zip(spent, beats, compact, strict=True):
            assert len(words) <= took <= len(words) + (5 if gaps and short else 0)


def sourced(rows):
    """Entries that name a source."""
    return [[entry for entry in row if entry[0] != NO_SOURCE] for row in rows]


@pytest.mark.parametrize(
    ("bus", "streams", "bits", "most"), [(64, 4, 9, 320), (512, 4, 9, 320), (256, 2, 12, 208)]
)
def test_compact_lines_that_do_not_fit_the_beats_are_refused(bus, streams, bits, most):
    sentence = f"compact lines must come in beats of 128 to {most} bits, for {streams} streams, not of {bus}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        LineLoader(bus, streams, values=False, compact=bits)


def test_beats_with_more_lines_than_streams_are_refused():
    sentence = "beats of 512 bits hold more lines than there are streams (2)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        LineLoader(512, 2, values=False)
