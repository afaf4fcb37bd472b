"""RTL of pyralis.hw.gcn.gather against sums over the entries of each row."""

import random
from collections import deque

import pytest
from amaranth.sim import Simulator

from pyralis.hw.gcn.config import LINE, NO_SOURCE, GcnConfig
from pyralis.hw.gcn.gather import GatherCluster
from pyralis.hw.gcn.systolic import CAPTURE
from pyralis.hw.gcn.weightbuffer import READ_LATENCY

CONFIG = GcnConfig(lanes=4, pe_rows=8, gather_ports=8)
PORTS = CONFIG.cluster_ports


def random_tasks(rng, count, longest):
    """Tasks of whole rows, and of chunks: (fields, [(row, entries)] of each result)."""
    row, tasks = 0, []
    for _ in range(count):
        partial, final = rng.random() < 0.4, rng.random() < 0.5
        length = rng.randrange(1, longest + 1) if not partial or final else LINE
        entries = [(rng.choice((rng.randrange(200), NO_SOURCE)), rng.randrange(256)) for _ in range(length)]
        cuts = [length] if partial else sorted({length, *(rng.randrange(1, length + 1) for _ in range(2))})
        ends = 0 if partial and not final else sum(1 << cut - 1 for cut in cuts)
        fields = {
            "indices": [index for index, _ in entries] + [5] * (LINE - length),
            "values": [value for _, value in entries] + [9] * (LINE - length),
            "count": length,
            "ends": ends | (rng.getrandbits(LINE) >> length << length),
            "row": row,
            "slice": rng.randrange(256),
            "base": rng.randrange(300),
            "partial": partial,
            "final": partial and final,
            "slot": rng.randrange(8),
            "chunk": rng.randrange(128),
        }
        tasks.append((
            fields,
            [(row + k, entries[a:b]) for k, (a, b) in enumerate(zip([0, *cuts], cuts, strict=False))],
        ))
        row += len(cuts)
    return tasks


class Module:
    """The PE rows of the cluster: what their result registers hold, and what leaves of it."""

    def __init__(self):
        self.words = deque([[None] * PORTS] * READ_LATENCY)
        self.sums, self.results = [None] * PORTS, [None] * PORTS
        self.coming = {}
        self.cycle = 0

    def step(self, ctx, cluster):
        """One cycle, before its edge: takes what the cluster shows, answers what it asked for."""
        reads = [cluster.reads[p] for p in range(PORTS)]
        self.words.append([ctx.get(read.row) if ctx.get(read.enable) else None for read in reads])
        for p, row in enumerate(self.words.popleft()):
            feed = cluster.feeds[p]
            if ctx.get(feed.valid):
                assert row is not None, "a step without a word"
                element = ctx.get(feed.element)
                before = [0, 0] if ctx.get(feed.first) else self.sums[p]
                self.sums[p] = [before[0] + element * (row + 1), before[1] + element]
                if ctx.get(feed.last):
                    self.coming[self.cycle + CAPTURE, p] = self.sums[p]
        for p in range(PORTS):
            if (self.cycle, p) in self.coming:
                self.results[p] = self.coming.pop((self.cycle, p))
        self.cycle += 1
        return self.results[ctx.get(cluster.drain)]


def play(tasks, rng, *, settings, ready=1.0, hold=0.0, cycles=6000):
    """Gives the tasks to whatever port takes one; returns results, and the cycles of each port's issues."""
    cluster, module = GatherCluster(CONFIG), Module()
    results, issues = [], [[] for _ in range(PORTS)]
    wanted = sum(len(rows) for _, rows in tasks)
    left = deque(fields for fields, _ in tasks)
    offered = [None] * PORTS

    async def bench(ctx):
        held = deque([0] * 2)
        ctx.set(cluster.settings, settings)
        for cycle in range(cycles):
            for p, port in enumerate(cluster.tasks):
                if offered[p] is None and left:
                    offered[p] = left.popleft()
                    ctx.set(port.payload, offered[p])
                ctx.set(port.valid, offered[p] is not None)
            now = sum((rng.random() < hold) << p for p in range(PORTS))
            ctx.set(cluster.hold, now)
            held.append(now)
            taking = rng.random() < ready
            ctx.set(cluster.results.ready, taking)
            leaving = module.step(ctx, cluster)
            stopped = held.popleft()
            for p in range(PORTS):
                assert not (stopped >> p & 1 and ctx.get(cluster.reads[p].enable)), "a read where none may be"
                if ctx.get(cluster.issued[p]):
                    issues[p].append(cycle)
                if offered[p] is not None and ctx.get(cluster.tasks[p].ready):
                    offered[p] = None
            if taking and ctx.get(cluster.results.valid):
                results.append({
                    name: ctx.get(cluster.results.p[name]) for name in ("row", "slice", "partial")
                })
                results[-1] |= {name: ctx.get(cluster.results.p[name]) for name in ("final", "slot", "chunk")}
                results[-1]["sums"] = [ctx.get(cluster.results.p.sums[k]) for k in range(2)]
            if len(results) == wanted and not ctx.get(cluster.busy):
                return
            await ctx.tick()
            if leaving is not None:
                for k in range(2):
                    ctx.set(cluster.sums[k], leaving[k])

    simulator = Simulator(cluster)
    simulator.add_clock(4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return results, issues


def expected(tasks, valued, signed):
    """All results, by row: fields of the task, and sums."""
    answer = []
    for fields, rows in tasks:
        for row, entries in rows:
            sums = [0, 0]
            for index, byte in entries:
                value = (byte - 256 if signed and byte > 127 else byte) if valued else 1
                if index != NO_SOURCE:
                    sums = [sums[0] + value * (index + fields["base"] + 1), sums[1] + value]
            kept = {name: int(fields[name]) for name in ("slice", "partial", "final", "slot", "chunk")}
            answer.append({"row": row, "sums": sums} | kept)
    return answer


@pytest.mark.parametrize(("valued", "signed"), [(0, 0), (1, 0), (1, 1)])
@pytest.mark.parametrize(("ready", "hold"), [(1.0, 0.0), (0.3, 0.3)])
def test_every_row_and_chunk_has_its_sums(valued, signed, ready, hold):
    rng = random.Random(10 * valued + signed)
    tasks = random_tasks(rng, 100, LINE)
    settings = {"valued": valued, "signed": signed}
    results, issues = play(tasks, rng, settings=settings, ready=ready, hold=hold)
    by_row = sorted(results, key=lambda result: result["row"])
    assert by_row == expected(tasks, valued, signed)
    sources = [index for fields, _ in tasks for index in fields["indices"][: fields["count"]]]
    assert sum(map(len, issues)) == sum(index != NO_SOURCE for index in sources)


def test_ports_work_without_gaps():
    """Rows of four entries and more: one result a cycle is enough for four ports, and none of them waits."""
    rng, tasks = random.Random(1), []
    for n in range(60):
        fields = {"indices": [n] * LINE, "values": [0] * LINE, "count": LINE, "ends": 0x88, "row": 2 * n}
        rest = {"slice": 0, "base": 0, "partial": 0, "final": 0, "slot": 0, "chunk": 0}
        tasks.append((fields | rest, [(2 * n, [(n, 0)] * 4), (2 * n + 1, [(n, 0)] * 4)]))
    results, issues = play(tasks, rng, settings={"valued": 0, "signed": 0})
    assert sorted(results, key=lambda result: result["row"]) == expected(tasks, 0, 0)
    for cycles in issues:
        # At first all ports end their rows in the same cycles; the turns spread them.
        assert cycles[-1] - cycles[0] <= len(cycles) + PORTS - 1


def test_rows_of_one_entry_leave_one_a_cycle():
    rng, tasks = random.Random(2), []
    for n in range(40):
        fields = {"indices": [n] * LINE, "values": [0] * LINE, "count": LINE, "ends": 0xFF, "row": LINE * n}
        rest = {"slice": 0, "base": 0, "partial": 0, "final": 0, "slot": 0, "chunk": 0}
        tasks.append((fields | rest, [(LINE * n + k, [(n, 0)]) for k in range(LINE)]))
    results, issues = play(tasks, rng, settings={"valued": 0, "signed": 0})
    assert sorted(results, key=lambda result: result["row"]) == expected(tasks, 0, 0)
    cycles = sorted(cycle for port in issues for cycle in port)
    assert cycles[-1] - cycles[0] <= len(results) + 2


def test_a_consumer_that_stops_stops_the_ports():
    rng = random.Random(3)
    tasks = random_tasks(rng, 100, LINE)
    results, issues = play(tasks, rng, settings={"valued": 0, "signed": 0}, ready=0.0, cycles=400)
    assert not results and all(cycles[-1] < 150 for cycles in issues)
