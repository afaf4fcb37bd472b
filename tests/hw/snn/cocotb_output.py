"""cocotb side of test_output.py: runs inside the simulator."""

import json
import os
import random
from itertools import pairwise

import cocotb
from cases import Case, random_case
from cocotb.triggers import RisingEdge

from pyralis.gen.intnetwork import IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import Output
from pyralis.sim.bench.stream import StreamSink, StreamSource, monitor_stream, pack, stalls, start, unpack

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))


class Bench:
    """Streams of whole layers in, everything that comes out collected per layer."""

    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.sources = {name: StreamSource(dut, name) for name in ("layers", "groups", "currents")}
        self.sink = StreamSink(dut, "results")
        self.monitors = {name: monitor_stream(dut, name) for name in (*self.sources, "results")}
        self.tiles: list = []
        self.wait_for_parameters = 0.0
        self.done: list[dict] = []
        self.events = self._fresh()
        cocotb.start_soon(self._parameters())
        cocotb.start_soon(self._collect())

    def stall(self, probability: float) -> None:
        for port in (*self.sources.values(), self.sink):
            port.set_pause_generator(stalls(self.rng, probability) if probability else None)
        self.wait_for_parameters = probability

    @staticmethod
    def _fresh() -> dict:
        return {
            "words": {},
            "rows": [],
            "spikes": 0,
            "saturated": False,
            "errors": 0,
            "buffers": set(),
            "class": None,
        }

    async def _parameters(self) -> None:
        """The parameter store: ``ready`` late at random, data one cycle after ``block``, else rubbish."""
        dut, p = self.dut, CONFIG.neuron_lanes
        ready = False
        dut.parameters__ready.value = 0
        while True:
            await RisingEdge(dut.clk)
            if int(dut.parameters__release.value):
                assert ready, "tile released that was not there"
                self.tiles.pop(0)
                ready = False
            if int(dut.rst.value):
                self.tiles.clear()
                ready = False
            block = int(dut.parameters__block.value)
            bias, threshold = ([7] * p, [3] * p)
            if ready:
                bias, threshold = (x[block] for x in self.tiles[0])
            dut.parameters__bias.value, dut.parameters__threshold.value = pack(bias, 32), pack(threshold, 32)
            ready = ready or (bool(self.tiles) and self.rng.random() >= self.wait_for_parameters)
            dut.parameters__ready.value = ready

    async def _collect(self) -> None:
        dut = self.dut
        while True:
            await RisingEdge(dut.clk)
            events = self.events
            if int(dut.row_done.value):
                events["rows"].append(len(events["words"]))
            if int(dut.write__enable.value):
                address = int(dut.write__address.value)
                assert address not in events["words"], f"word {address} written twice"
                events["words"][address] = int(dut.write__data.value)
                events["buffers"].add(int(dut.write__buffer.value))
            events["spikes"] += int(dut.spikes.value)
            events["saturated"] |= bool(int(dut.saturated.value))
            events["errors"] += int(dut.address_error.value)
            if int(dut.class_valid.value):
                events["class"] = int(dut.class_index.value)
            if int(dut.layer_done.value):
                self.done.append(events)
                self.events = self._fresh()

    async def run(self, *cases: Case) -> None:
        """Sends all at once, waits, and checks each."""
        self.done.clear()
        for case in cases:
            groups, currents = case.stream()
            self.tiles += case.parameters()
            await self.sources["layers"].send_int(case.layer())
            for name, payloads in (("groups", groups), ("currents", currents)):
                for payload in payloads:
                    await self.sources[name].send_int(payload)
        while len(self.done) < len(cases):
            await RisingEdge(self.dut.clk)
        assert not self.tiles, "parameters of a tile were not released"
        assert all(source.empty() for source in self.sources.values())
        for n, case in enumerate(cases):
            await self.check(case, self.done[n], f"layer {n}: {case}")

    async def check(self, case: Case, events: dict, where: str) -> None:
        if case.output == Output.SPIKES:
            expected = case.words()
            inside = {a: w for a, w in expected.items() if a < CONFIG.map_words}
            assert events["words"] == inside, where
            assert events["errors"] == len(expected) - len(inside), where
            assert events["buffers"] <= {1 - case.in_buffer}, where
            assert len(events["rows"]) == case.out_size[0], where
            assert events["spikes"] == int(case.pooled.sum()), where
        else:
            assert not events["words"], where
            assert not events["rows"], where
            assert events["spikes"] == int(case.spikes.sum()), where
            for n, values in enumerate(case.results()):
                got = unpack(await self.sink.recv_int(), 32, CONFIG.neuron_lanes, signed=True)
                real = max(0, min(CONFIG.neuron_lanes, case.channels - self._channel(case, n)))
                assert got[:real] == values[:real], f"{where}: result {n}"
        assert events["saturated"] == case.saturated, where
        expected_class = int(case.values()[0, : case.channels].numpy().argmax()) if case.argmax else None
        assert events["class"] == expected_class, where

    @staticmethod
    def _channel(case: Case, transfer: int) -> int:
        """First channel of a result transfer."""
        tile, rest = divmod(transfer, case.height * case.width * CONFIG.blocks)
        return tile * CONFIG.out_lanes + rest % CONFIG.blocks * CONFIG.neuron_lanes


async def begin(dut) -> Bench:
    await start(dut)
    return Bench(dut)


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.3])
async def random_layers_match_golden(dut, stall):
    bench = await begin(dut)
    bench.stall(stall)
    fired = silent = 0
    outputs, saturated = set(), set()
    for _ in range(6):
        cases = [random_case(CONFIG, bench.rng) for _ in range(5)]
        await bench.run(*cases)
        fired += sum(int(case.pooled.sum()) for case in cases)
        silent += sum(int((1 - case.pooled).sum()) for case in cases)
        outputs |= {case.output for case in cases}
        saturated |= {case.saturated for case in cases}
    assert fired
    assert silent
    assert len(outputs) > 1
    assert saturated == {False, True}
    if stall:
        assert all(bench.monitors[name].waits for name in ("groups", "currents"))


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(output=["COUNTS", "POTENTIALS"])
async def the_largest_result_is_named(dut, output):
    bench = await begin(dut)
    classes = set()
    for stall in (0.0, 0.6, 0.0, 0.9):
        bench.stall(stall)
        case = random_case(
            CONFIG,
            bench.rng,
            output=Output[output],
            height=1,
            width=1,
            pool_size=1,
            pool_stride=1,
            argmax=True,
            quiet_padding=False,
        )
        await bench.run(case)
        classes.add(int(case.values()[0, : case.channels].argmax()))
    tie = random_case(
        CONFIG,
        bench.rng,
        output=Output[output],
        height=1,
        width=1,
        pool_size=1,
        pool_stride=1,
        argmax=True,
        limit=2,
        neuron=IntNeuron(),
    )
    await bench.run(tie)
    assert len(classes) > 1


@cocotb.test(timeout_time=400, timeout_unit="us")
async def a_word_outside_the_map_is_reported_and_not_written(dut):
    bench = await begin(dut)
    fields = {"output": Output.SPIKES, "pool_size": 1, "pool_stride": 1, "steps": 1, "tiles": 2}
    await bench.run(
        random_case(CONFIG, bench.rng, **fields, base=CONFIG.map_words - 3, channels=CONFIG.out_lanes + 1)
    )
    await bench.run(
        random_case(
            CONFIG, bench.rng, **fields, base=(1 << 16) - 2, height=1, width=1, channels=CONFIG.out_lanes + 1
        )
    )
    await bench.run(random_case(CONFIG, bench.rng))


@cocotb.test(timeout_time=400, timeout_unit="us")
async def channels_that_do_not_exist_never_spike(dut):
    bench = await begin(dut)
    for steps in (1, CONFIG.step_lanes + 1):
        case = random_case(
            CONFIG,
            bench.rng,
            output=Output.SPIKES,
            steps=steps,
            tiles=2,
            channels=CONFIG.out_lanes + 1,
            quiet_padding=False,
            limit=100,
        )
        await bench.run(case)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def one_slot_a_cycle_within_a_tile(dut):
    bench = await begin(dut)
    await bench.run(
        Case(
            config=CONFIG,
            rng=bench.rng,
            neuron=IntNeuron(),
            height=6,
            width=5,
            pool_size=2,
            pool_stride=2,
            steps=CONFIG.step_lanes,
            channels=CONFIG.out_lanes,
        )
    )
    times = bench.monitors["currents"].times
    assert {b - a for a, b in pairwise(times)} == {1}


@cocotb.test(timeout_time=400, timeout_unit="us")
async def a_reset_in_the_middle_leaves_nothing_behind(dut):
    bench = await begin(dut)
    case = random_case(CONFIG, bench.rng, height=5, width=5, tiles=1, channels=CONFIG.out_lanes)
    groups, currents = case.stream()
    bench.tiles += case.parameters()
    await bench.sources["layers"].send_int(case.layer())
    for name, payloads in (("groups", groups), ("currents", currents)):
        for payload in payloads:
            await bench.sources[name].send_int(payload)
    for _ in range(40):
        await RisingEdge(dut.clk)
    assert bench.monitors["currents"].transfers > 0
    for source in bench.sources.values():
        source.clear()
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    bench.sink.clear()
    await RisingEdge(dut.clk)
    bench.events, bench.done = bench._fresh(), []
    await bench.run(*(random_case(CONFIG, bench.rng) for _ in range(3)))
