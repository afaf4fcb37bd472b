"""The DDR4 model against sequences computed by hand, and its twin in Python against it cycle by cycle."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyralis.sim.bench.build import MEMORY_MODEL, build
from pyralis.sim.bench.ddr4 import ADDRESS_MAPS, JEDEC, Ddr4Counts, Ddr4Settings, clocks
from pyralis.sim.bench.ddr4twin import Transfer, predict

HERE = Path(__file__).parent
LATENCY = 1
GROUPED = Ddr4Settings()
PLAIN = Ddr4Settings.mapped("row_bank_column")
SPREAD = Ddr4Settings.mapped("row_column_bank")
ROW = 1 << 17
"""Bytes from a line to that of the next row of the same bank, in all three maps."""


def test_table_in_clocks():
    settings = Ddr4Settings()
    assert {name: getattr(settings, name) for name in JEDEC} == {
        "cl": 17,
        "cwl": 12,
        "rcd": 17,
        "rp": 17,
        "ras": 39,
        "rc": 56,
        "ccd_s": 4,
        "ccd_l": 6,
        "rrd_s": 4,
        "rrd_l": 6,
        "faw": 26,
        "rtp": 9,
        "wr": 18,
        "wtr_s": 3,
        "wtr_l": 9,
        "rfc": 420,
        "refi": 9360,
    }
    assert clocks("rc") >= clocks("ras") + clocks("rp")


@pytest.mark.parametrize("name", ADDRESS_MAPS)
def test_address_maps_are_one_to_one(name):
    settings = Ddr4Settings.mapped(name)
    places = [settings.locate(line) for line in range(1 << 13)]
    assert {place[0] for place in places} == {place[1] for place in places} == set(range(4))
    # 13 bits are 16 banks, 4 rows, 128 lines in each row.
    assert all(places.count(place) == 128 for place in set(places)) and len(set(places)) == 64


def test_where_neighbours_go():
    banks = {name: Ddr4Settings.mapped(name) for name in ADDRESS_MAPS}
    assert [banks["row_bank_column"].locate(n) for n in (0, 1, 127, 128, 512, 2048)] == [
        *[(0, 0, 0)] * 3,
        *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ]
    assert [banks["row_bank_column_group"].locate(n) for n in (0, 1, 4, 512, 2048)] == [
        *((0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    assert [banks["row_column_bank"].locate(n) for n in (1, 4, 16, 2048)] == [
        *((1, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 1))
    ]


# ------------------------------------------------------------------ through the simulator
@pytest.fixture(scope="module")
def bench():
    return build({}, "ddr4_bench", extra=[*MEMORY_MODEL, HERE / "ddr4_bench.sv"])


@pytest.fixture(scope="module")
def narrow():
    return build(
        {}, "ddr4_bench", extra=[*MEMORY_MODEL, HERE / "ddr4_bench.sv"], parameters={"DATA_BITS": 128}
    )


class Played:
    """What happened in a run: cycles of the accepted bursts, of the words of each port, and the counters."""

    def __init__(self, bench, folder, script, settings, *, latency=LATENCY, word=64, extra=()):
        runner, built = bench
        lines = [f"{port} {cycle} {address:x} {words}\n" for port, cycle, address, words in script]
        (folder / "script.txt").write_text("".join(lines))
        self.contents = np.random.default_rng(7).integers(0, 256, 1 << 20, dtype=np.uint8)
        (folder / "memory.bin").write_bytes(self.contents.tobytes())
        files = {"script": "script.txt", "events": "events.txt", "memory": "memory.bin", "dump": "dump.bin"}
        runner.test(
            hdl_toplevel="ddr4_bench",
            test_module="cocotb_ddr4",
            test_dir=built,
            build_dir=built,
            seed=1,
            plusargs=[
                f"+latency={latency}",
                *settings.plusargs(folder / "counts.json"),
                *(f"+{name}={folder / file}" for name, file in files.items()),
                *extra,
            ],
            results_xml=str(folder / "results.xml"),
            log_file=folder / "log.txt",
            extra_env={"COCOTB_REWRITE_ASSERTION_FILES": "cocotb_*.py"},
        )
        self.counts = Ddr4Counts.read(folder / "counts.json")
        events = [line.split() for line in (folder / "events.txt").read_text().splitlines()]
        self.events = [(int(kind), int(cycle), int(at, 16), int(words)) for kind, cycle, at, words in events]
        self.after = np.frombuffer((folder / "dump.bin").read_bytes(), np.uint8)
        self.settings, self.latency, self.word = settings, latency, word

    def cycles(self, kind):
        return [cycle for this, cycle, _, _ in self.events if this == kind]

    def transfers(self):
        """What the twin wants to know: bursts, and the words written that end their line or their burst."""
        found = [
            Transfer(cycle=cycle, port=kind, address=at, size=words * self.word)
            for kind, cycle, at, words in self.events
            if kind < 2
        ]
        taken = iter(self.cycles(5))
        for kind, _, at, words in self.events:
            if kind == 2:
                for n in range(words):
                    cycle, end = next(taken), at + (n + 1) * self.word
                    if n == words - 1 or end % 64 == 0:
                        found.append(Transfer(cycle=cycle, port=2, address=end - self.word))
        return found

    def check_twin(self):
        words, counts = predict(
            self.settings,
            self.transfers(),
            word_bytes=self.word,
            latency=self.latency,
            cycles=self.cycles(6)[0],
        )
        assert [self.cycles(3), self.cycles(4)] == list(words)
        assert self.counts == counts

    def check_data(self):
        """Words read are those of the file or those written; what was written is in the dump."""
        expected = self.contents.copy()
        for kind, _, at, words in self.events:
            if kind == 2:
                for n in range(at, at + words * self.word, self.word):
                    expected[n : n + self.word] = np.frombuffer(
                        n.to_bytes(8, "little"), np.uint8
                    ).tolist() * (self.word // 8)
        assert (self.after == expected).all()


def first_words(played):
    """Cycles between the first accepted burst and each word read at port a, less the fixed latency."""
    begin = played.cycles(0)[0]
    return [cycle - begin - played.latency for cycle in played.cycles(3)]


# Clocks are quarters of a cycle. Bursts are offered from cycle 10 on. A read on a closed bank: ACT at 0, READ
# at 17, data at 34 to 38: 9.5, so in cycle 10.
def test_single_access(bench, tmp_path):
    played = Played(bench, tmp_path, [(0, 10, 0, 1)], GROUPED)
    assert first_words(played) == [10]
    assert played.counts == Ddr4Counts(misses=1, reads=1, bank_busy=38, any_busy=38)
    played.check_twin()


def test_stream_of_row_hits_moves_a_line_a_cycle(bench, tmp_path):
    # Groups alternate: the first four lines open four banks 4 clocks apart, as columns come 4 clocks apart.
    played = Played(bench, tmp_path, [(0, 10, 0x400 * n, 16) for n in range(8)], GROUPED)
    assert first_words(played) == [10 + n for n in range(128)]
    assert (played.counts.hits, played.counts.misses, played.counts.conflicts) == (124, 4, 0)
    assert played.counts.hit_rate == 124 / 128 and played.counts.bytes == 8192
    # A READ begins every 4 clocks and is at work for 21: a bank is never idle, 4 of them work side by side.
    assert 3.7 < played.counts.parallelism <= 4
    played.check_twin()


def test_lines_of_one_group_come_every_six_clocks(bench, tmp_path):
    played = Played(bench, tmp_path, [(0, 10, 0, 16)], PLAIN)
    # Data end at 38 + 6 n clocks.
    assert first_words(played) == [-(-(38 + 6 * n) // 4) for n in range(16)]
    assert played.counts.parallelism == 1
    played.check_twin()


def test_row_conflict(bench, tmp_path):
    # The second burst is accepted one cycle, 4 clocks, later. ACT 0, READ 17; PRE not before tRAS = 39, also
    # 17 + tRTP = 26; ACT at 39 + 17 = 56 = tRC; READ 73; data until 94: 23.5.
    played = Played(bench, tmp_path, [(0, 10, 0, 1), (0, 10, ROW, 1)], GROUPED)
    assert first_words(played) == [10, 24]
    assert (played.counts.hits, played.counts.misses, played.counts.conflicts) == (0, 1, 1)
    assert played.counts.bank_busy == 38 + (94 - 39)
    played.check_twin()


def test_banks_overlap_within_four_activations(bench, tmp_path):
    # Eight banks of alternating groups, bursts accepted every cycle: ACTs at 0, 4, 8, 12; then tFAW: 26, 30,
    # 34, 38. In line order: groups 0, 1, 2, 3 of bank 0, then of bank 1; the same group after 26 clocks.
    played = Played(bench, tmp_path, [(0, 10, 64 * n, 1) for n in range(8)], SPREAD)
    acts = [0, 4, 8, 12, 26, 30, 34, 38]
    assert first_words(played) == [-(-(act + 38) // 4) for act in acts]
    assert played.counts.misses == 8
    assert played.counts.any_busy == 38 + 38 and played.counts.bank_busy == 8 * 38
    assert played.counts.parallelism == 4
    played.check_twin()


def test_activations_of_one_group_are_six_clocks_apart(bench, tmp_path):
    # Bank 0 and bank 1 of group 0: ACT 0 and 6, as tRRD_L says; READs 17 and 23 (tCCD_L).
    played = Played(bench, tmp_path, [(0, 10, 0, 1), (0, 10, 4 * 64, 1)], SPREAD)
    assert first_words(played) == [10, 11]  # 38 and 44 clocks
    played.check_twin()


def test_refresh_in_the_middle(bench, tmp_path):
    # Cycle 2340 is tREFI. The row was opened at cycle 2300 and may be closed long before: PRE at once, REF 17
    # clocks later, ACT 420 after that, READ 17, data 21: 475 clocks, 118.75 cycles.
    played = Played(bench, tmp_path, [(0, 2300, 0, 1), (0, 2345, 64, 1), (0, 2345, 0, 1)], GROUPED)
    assert played.cycles(0) == [2300, 2345, 2346]
    assert played.cycles(3) == [2300 + 10 + LATENCY, 2340 + 119 + LATENCY, 2340 + 120 + LATENCY]
    assert (played.counts.refreshes, played.counts.misses, played.counts.hits) == (1, 3, 0)
    played.check_twin()


def test_refresh_waits_for_what_goes_on(bench, tmp_path):
    # ACT in cycle 2338, 8 clocks before the refresh: PRE at ACT + 39, REF + 17, ACT + 420, then 38:
    # 514 clocks after the first ACT, 128.5 cycles.
    played = Played(bench, tmp_path, [(0, 2338, 0, 1), (0, 2345, 0, 1)], GROUPED)
    assert played.cycles(3) == [2338 + 10 + LATENCY, 2338 + 129 + LATENCY]
    played.check_twin()


def test_turn_around(bench, tmp_path):
    # Words written to line 0 at cycle W, so ACT at 4 W, WRITE + 17, data until + 17 + 12 + 4 = 33. A read of
    # the same group, 2 cycles later, hits: READ at 33 + tWTR_L = 42, data until 63: cycle 16. Of another
    # group: its ACT is at 8, its READ at 33 + tWTR_S = 36 (ACT + 17 = 25 is earlier), data until 57: 15.
    for line, there in ((4, 16), (1, 15)):
        played = Played(bench, tmp_path, [(2, 10, 0, 1), (0, 14, 64 * line, 1)], GROUPED)
        written = played.cycles(5)[0]
        again = Played(bench, tmp_path, [(2, 10, 0, 1), (0, written + 2, 64 * line, 1)], GROUPED)
        assert again.cycles(5) == [written] and again.cycles(0) == [written + 2]
        assert again.cycles(3) == [written + there + LATENCY]
        assert again.counts.turns == 2 and again.counts.writes == 1
        again.check_twin()
        again.check_data()


def test_writes_collect_until_there_are_many(bench, tmp_path):
    # Lines to write come as fast as lines are read; writing begins with 48 of them, so turns are few.
    script = [(0, 10, 0x400 * n, 16) for n in range(64)]
    script += [(2, 10, 0x80000 + 0x400 * n, 16) for n in range(16)]
    played = Played(bench, tmp_path, script, GROUPED)
    assert played.counts.writes == 256 and played.counts.reads == 1024
    assert 2 <= played.counts.turns <= 8
    played.check_twin()
    played.check_data()


def random_script(rng, word, *, span=1 << 20):
    script = []
    for port in range(3):
        cycle = 5
        low, high = (0, span // 2) if port < 2 else (span // 2, span)
        for _ in range(rng.randrange(60, 120)):
            words = rng.choice([1, 1, 2, 3, 4, 16])
            address = rng.randrange(low // word, (high - 4096) // word) * word
            if rng.random() < 0.5 and script:
                address = script[-1][2] + script[-1][3] * word if script[-1][0] == port else address
            words = min(words, (4096 - address % 4096) // word)
            cycle += rng.choice([0, 0, 0, 1, 5, rng.randrange(60)])
            script.append((port, cycle, address, words))
    return script


@pytest.mark.parametrize("seed", range(6))
def test_twin_predicts_every_cycle(bench, narrow, tmp_path, seed):
    rng = random.Random(seed)
    word = (64, 64, 16)[seed % 3]
    settings = replace(
        (GROUPED, PLAIN, SPREAD)[seed % 3],
        lookahead=rng.choice([16, 16, 4, 40]),
        refi=rng.choice([3000, 1200]),  # often enough to matter
    )
    script = random_script(rng, word)
    played = Played(narrow if word == 16 else bench, tmp_path, script, settings, latency=1 + seed, word=word)
    assert min(played.counts.hits, played.counts.conflicts) > 5 and played.counts.turns > 2
    assert played.counts.refreshes and len(played.cycles(3)) > 60
    played.check_twin()
    played.check_data()


# ------------------------------------------------------------------ what is refused
def test_a_missing_figure_stops_the_run(bench, tmp_path):
    settings = GROUPED

    class Less:
        def plusargs(self, statistics):
            return [arg for arg in settings.plusargs(statistics) if not arg.startswith("+ddr4_rcd")]

    with pytest.raises((SystemExit, RuntimeError)):
        Played(bench, tmp_path, [(0, 10, 0, 1)], Less())
    assert "ddr4: +ddr4 without +ddr4_rcd" in (tmp_path / "log.txt").read_text()


def test_without_the_switch_nothing_changes(bench, tmp_path):
    class Off:
        def plusargs(self, statistics):
            statistics.write_text("{}")
            return []

    played = Played(bench, tmp_path, [(0, 10, 0, 2)], Off(), latency=20)
    assert [cycle - played.cycles(0)[0] for cycle in played.cycles(3)] == [20, 21]
