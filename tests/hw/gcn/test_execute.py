"""RTL of pyralis.hw.gcn.execute with units that take and end descriptors when they like."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field

import pytest

from pyralis.hw.gcn.execute import UNITS, Execute
from pyralis.hw.gcn.program import VERSION, Opcode
from tests.support.pysim import rubbish, simulate

OPCODES = {"load": Opcode.LOAD, "aggregate": Opcode.AGGREGATE, "combine": Opcode.COMBINE}


@dataclass
class Step:
    """A descriptor, and what the test has to know of it."""

    unit: str
    word: int
    index: int
    after: dict[str, int] = field(default_factory=dict)
    follows: bool = False
    resident: bool = False
    written: bool = False


def step(rng, unit, *, follows=False, resident=False, written=False, **after):
    """Fields that say when it may begin; the others at random."""
    layout, index = UNITS[unit], rng.getrandbits(16)
    fields = {f"after_{name}": after.get(name, 0) for name in UNITS}
    mine = {"resident": resident, "after_writes": written}
    fields |= mine if unit == "load" else {"follows": follows}
    fields |= {"opcode": OPCODES[unit].value, "version": VERSION, "index": index}
    word = rng.getrandbits(1024)
    for name, value in fields.items():
        place = layout[name]
        word = word & ~((1 << place.width) - 1 << place.offset) | value << place.offset
    return Step(unit, word, index, {name: after.get(name, 0) for name in UNITS}, follows, resident, written)


def random_program(rng, length):
    """Descriptors that wait for any before them."""
    before, program, others = dict.fromkeys(UNITS, 0), [], random.Random(length)
    for _ in range(length):
        unit = rng.choice(list(UNITS))
        after = {
            name: rng.choice((0, max(0, count - rng.randrange(4)), rng.randint(0, count)))
            for name, count in before.items()
        }
        follows = unit != "load" and after["load"] < before["load"] and rng.random() < 0.5
        resident = unit == "load" and rng.random() < 0.4
        written = unit == "load" and others.random() < 0.3
        program.append(step(rng, unit, follows=follows, resident=resident, written=written, **after))
        before[unit] += 1
    return program


class Bench:
    """Plays memory and units, one look a cycle, and says of every output what it must be.

    Parameters
    ----------
    takes, ends, offers : float
        Probability in a cycle that a unit takes what is offered; that its oldest descriptor ends; that the
        next one of the program is there.
    """

    def __init__(self, rng, *, takes=1.0, ends=1.0, offers=1.0):
        self.rng, self.takes, self.ends, self.offers = rng, takes, ends, offers
        self.dut, self.handed, self.seen, self.cycle = Execute(), [], Counter(), 0
        self.held = frozenset()  # units that end nothing
        self.on_the_way = random.Random(0)  # whether rows are on their way to memory

    def due(self, s: Step, begun: bool, skip: bool, unwritten: bool) -> bool:
        if skip and s.resident:
            return True
        if s.written and unwritten:
            return False
        ended = self.ended
        units = ("load",) if s.unit == "aggregate" else UNITS
        if any(ended[name] < s.after[name] for name in units):
            return False
        return not s.follows or ended["load"] > s.after["load"] or begun

    async def run(self, ctx, program, *, skip=False, writes=lambda cycle: True, cycles=5000):
        """One run of *program*, to its end or for some cycles."""
        dut, rng = self.dut, self.rng
        left, shown = deque(program), False
        place = dict.fromkeys(UNITS)  # [step, cycle of its transfer, since when it is due]
        inside = {name: deque() for name in UNITS}
        self.ended = dict.fromkeys(UNITS, 0)
        begun = False  # the oldest load
        aggregation = None  # the one handed out last
        ctx.set(dut.skip_resident, skip)
        start = self.cycle
        while self.cycle - start < cycles:
            pulses = {
                name: bool(inside[name]) and name not in self.held and rng.random() < self.ends
                for name in UNITS
            }
            pulses["load"] &= begun
            ready = {name: rng.random() < self.takes for name in UNITS}
            shown = shown or rng.random() < self.offers
            idle = writes(self.cycle)
            ctx.set(dut.ended, pulses)
            # In the cycle in which it ends, a load may count or not.
            ctx.set(dut.oldest_begun, begun and not (pulses["load"] and rng.random() < 0.5))
            ctx.set(dut.may_end, idle)
            unwritten = self.on_the_way.random() < 0.3
            ctx.set(dut.unwritten, unwritten)
            word = rubbish(rng, dut.descriptors.payload)
            if shown:
                word = left[0].word if left else rubbish(rng, word_bits(dut)) << 16 | Opcode.END.value
            ctx.set(dut.descriptors.payload, word)
            ctx.set(dut.descriptors.valid, shown)
            for name in UNITS:
                ctx.set(getattr(dut, name).ready, ready[name])
            really_begun = bool(ctx.get(dut.oldest_begun))

            offered = {}
            for name in UNITS:
                port, waiting = getattr(dut, name), place[name]
                offered[name] = waiting is not None and waiting[2] is not None and waiting[2] < self.cycle
                assert ctx.get(port.valid) == offered[name], (name, self.cycle)
                if offered[name]:
                    s, given = waiting[0], ctx.get(port.payload)
                    if name == "load":
                        assert given.skip == (skip and s.resident)
                        given = given.load
                    assert given.as_bits() == s.word
            over = shown and not left and not any(place.values()) and not any(inside.values())
            done = over and idle
            unit = left[0].unit if shown and left else None
            skips = unit == "load" and skip and left[0].resident
            skips = skips and not inside["load"] and place["load"] is None
            fits = unit is not None and (skips or place[unit] is None or (offered[unit] and ready[unit]))
            if aggregation is not None:
                rows_ready = all(self.ended[name] >= aggregation.after[name] for name in UNITS)
                assert ctx.get(dut.rows_ready) == rows_ready, self.cycle
                self.seen["rows", "ready" if rows_ready else "awaited"] += 1
            assert ctx.get(dut.run_done) == done
            assert ctx.get(dut.draining) == (over and not idle)
            if shown:
                assert ctx.get(dut.descriptors.ready) == (done or fits), (unit, self.cycle)

            for name in UNITS:
                waiting = place[name]
                due = waiting and waiting[2] is None and self.due(waiting[0], really_begun, skip, unwritten)
                if due:
                    waiting[2] = self.cycle
                    self.seen[name, "waits" if self.cycle > waiting[1] + 1 else "at once"] += 1
            handed_now = [place[name][0] for name in UNITS if offered[name] and ready[name]]
            for s in handed_now:
                self.handed.append((self.cycle, s))
                inside[s.unit].append(s)
                place[s.unit] = None
                aggregation = s if s.unit == "aggregate" else aggregation
            for name in UNITS:
                if pulses[name]:
                    inside[name].popleft()
                    self.ended[name] += 1
            if pulses["load"] or not begun:
                others = bool(inside["load"]) and inside["load"][0] not in handed_now
                begun = others and rng.random() < 0.3
            if skips:
                left.popleft()
                self.ended["load"] += 1
                self.seen["load", "counted"] += 1
            elif fits:
                place[unit] = [left.popleft(), self.cycle, None]
            shown = shown and not (fits or done)
            await ctx.tick()
            self.cycle += 1
            if handed_now:
                assert ctx.get(dut.index) in [s.index for s in handed_now]
            if done:
                ctx.set(dut.descriptors.valid, 0)
                return
        assert cycles != 5000, "the run does not end"


def word_bits(dut):
    """A port as wide as what is behind the opcode and the version."""
    return dut.descriptors.payload[16:]


@pytest.mark.parametrize(
    ("takes", "ends", "offers"), [(1, 1, 1), (0.5, 0.2, 0.9), (0.9, 0.05, 1), (0.2, 0.9, 0.3)]
)
def test_descriptors_go_out_when_their_time_has_come(takes, ends, offers):
    """Random programs, run several times; what is resident is loaded in the first run only."""
    rng = random.Random(round(100 * takes + 10 * ends))
    bench = Bench(rng, takes=takes, ends=ends, offers=offers)

    async def runs(ctx):
        for length in (90, 0, 1, 25):
            program = random_program(rng, length)
            for n in range(3 if length else 2):
                bench.handed.clear()
                await bench.run(ctx, program, skip=n > 0, writes=lambda _: rng.random() < 0.3)
                for name in UNITS:
                    handed = [s for _, s in bench.handed if s.unit == name]
                    expected = [s for s in program if s.unit == name]
                    if name == "load" and n:  # resident ones may only be counted
                        expected = [s for s in expected if not s.resident or s in handed]
                    assert handed == expected

    simulate(bench.dut, runs)
    for name in UNITS:
        assert bench.seen[name, "waits"] > (0 if name == "aggregate" else 5), "lists are soon there"
        assert bench.seen[name, "at once"] > 5
    assert bench.seen["load", "counted"] > 0
    assert bench.seen["rows", "ready"] > 5 and bench.seen["rows", "awaited"] > 0


def test_others_go_on_beside_one_that_waits():
    """An aggregation that waits holds up the aggregation behind it, and then all that follows: no sooner."""
    rng = random.Random(4)
    bench = Bench(rng)
    bench.held = {"load"}
    program = [
        step(rng, "load"),
        step(rng, "aggregate", load=1),
        step(rng, "load"),
        step(rng, "combine"),
        step(rng, "load"),
        step(rng, "aggregate"),
        step(rng, "combine"),
    ]

    async def runs(ctx):
        await bench.run(ctx, program, cycles=60)

    simulate(bench.dut, runs)
    assert [program.index(s) for _, s in bench.handed] == [0, 2, 3, 4]


def test_follows_waits_until_the_load_has_begun_and_no_longer():
    rng = random.Random(5)
    times = []
    dut = Execute()
    rows = [step(rng, "load"), step(rng, "load"), step(rng, "aggregate", load=1, follows=True)]

    async def bench(ctx):
        ctx.set(dut.load.ready, 1)
        ctx.set(dut.aggregate.ready, 1)
        for s in rows:
            ctx.set(dut.descriptors.payload, s.word)
            ctx.set(dut.descriptors.valid, 1)
            await ctx.tick().until(dut.descriptors.ready)
        ctx.set(dut.descriptors.valid, 0)
        events = {10: ("oldest_begun", 1), 20: ("ended", 1), 21: ("ended", 0), 30: ("oldest_begun", 1)}
        for cycle in range(40):
            name, value = events.get(cycle, (None, 0))
            if name == "ended":
                ctx.set(dut.ended.load, value)
                ctx.set(dut.oldest_begun, 0)  # the second one has not
            elif name:
                ctx.set(dut.oldest_begun, value)
            if ctx.get(dut.aggregate.valid):
                times.append(cycle)
            await ctx.tick()

    simulate(dut, bench)
    assert times == [31], "the first load begins in cycle 10 and ends in cycle 20, the second begins in 30"
