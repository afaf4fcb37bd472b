"""cocotb side of test_neuron.py: runs inside the simulator."""

import json
import os
import random
from collections import deque
from itertools import pairwise

import cocotb
import torch
from cocotb.triggers import RisingEdge
from slots import SlotPacker, active_mask, all_neurons, settings_bits

from pyralis.gen.intnetwork import IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.neuron import FiredLayout, latency
from pyralis.sim.bench.stream import StreamSource, monitor_stream, pack, stalls, start
from pyralis.sim.golden.snn.neuron import neuron as golden

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
LATENCY = latency(CONFIG)
S, P, SLOTS, BLOCKS = CONFIG.step_lanes, CONFIG.neuron_lanes, CONFIG.slots, CONFIG.blocks


class Bench:
    """Feeds slots, answers parameter reads, collects what is fired with its cycle."""

    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.packer = SlotPacker(CONFIG)
        self.source = StreamSource(dut, "slots")
        self.monitor = monitor_stream(dut, "slots")
        self.fired: deque[tuple[int, int]] = deque()
        self.bias = self.threshold = torch.ones(BLOCKS, P, dtype=torch.int64)
        cocotb.start_soon(self._parameters())
        cocotb.start_soon(self._collect())

    async def _parameters(self) -> None:
        """Parameters one cycle after their block, rubbish otherwise."""
        dut = self.dut
        while True:
            await RisingEdge(dut.clk)
            accepted = int(dut.slots__valid.value) and int(dut.slots__ready.value)
            block = int(dut.block.value)
            bias, threshold = (self.bias[block], self.threshold[block]) if accepted else ([-1] * P, [5] * P)
            dut.bias.value, dut.threshold.value = pack(bias, 32), pack(threshold, 32)

    async def _collect(self) -> None:
        while True:
            await RisingEdge(self.dut.clk)
            if int(self.dut.fired.value):
                self.fired.append((self.monitor.cycle, int(self.dut.result.value)))

    async def settle(self, settings: int) -> None:
        """Waits until the pipeline is empty, then changes the settings."""
        await self.source.wait()
        for _ in range(LATENCY + 3):
            await RisingEdge(self.dut.clk)
        self.dut.settings.value = settings
        for _ in range(2):
            await RisingEdge(self.dut.clk)

    def draw(self, steps: int, groups: int, limit: int):
        """Currents (groups, T, slots, P), and parameters that make some of them fire."""
        low = -limit if self.rng.random() < 0.5 else -limit // 4

        def numbers(first, last, *shape):
            generator = torch.Generator().manual_seed(self.rng.getrandbits(32))
            return torch.randint(first, last + 1, shape, generator=generator)

        self.bias = numbers(-limit // 4, limit // 4, BLOCKS, P)
        self.threshold = numbers(1, max(limit // 2, 2), BLOCKS, P)
        return numbers(low, limit - 1, groups, steps, SLOTS, P)

    async def send(self, currents: torch.Tensor, **fields) -> None:
        """Group after group, step group after step group, slot after slot."""
        _, steps, _, _ = currents.shape
        passes = -(-steps // S)
        for pixels in currents.tolist():
            for g in range(passes):
                for i in range(SLOTS):
                    lanes = [
                        [
                            pixels[t][i][p] if t < steps else self.rng.getrandbits(8)
                            for t in range(g * S, g * S + S)
                        ]
                        for p in range(P)
                    ]
                    tag = self.packer.tag(
                        i,
                        group=g,
                        first=g == 0,
                        last=g == passes - 1,
                        active=active_mask(CONFIG, g, steps),
                        **fields,
                    )
                    await self.source.send_int(self.packer.slot(tag, lanes))

    async def check(self, settings: IntNeuron, currents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compares all that was fired with the golden model; returns its spikes and saturation."""
        groups, steps = currents.shape[:2]
        passes = -(-steps // S)
        await self.settle(int(self.dut.settings.value))
        bias, threshold = (x.repeat(CONFIG.pixel_lanes, 1).flatten() for x in (self.bias, self.threshold))
        flat = currents.transpose(0, 1).reshape(steps, groups, SLOTS * P)
        spikes, potentials, saturated = golden(flat, bias, threshold, settings, CONFIG.potential_bits)
        spikes, potentials, saturated = (
            x.view(steps, groups, SLOTS, P) for x in (spikes, potentials, saturated)
        )
        assert len(self.fired) == groups * passes * SLOTS
        for n in range(groups):
            for g in range(passes):
                exist = slice(g * S, min(g * S + S, steps))
                for i in range(SLOTS):
                    cycle, word = self.fired.popleft()
                    where = f"{settings}, {steps} steps: group {n}, step group {g}, slot {i}"
                    assert cycle - self.monitor.times.pop(0) == LATENCY, where
                    result = FiredLayout(CONFIG).from_bits(word)
                    assert result.tag.index == i, where
                    for p in range(P):
                        fired = [result.spikes[p] >> s & 1 for s in range(S)]
                        expected = spikes[exist, n, i, p].tolist()
                        assert fired == expected + [0] * (S - len(expected)), f"{where}, channel {p}: spikes"
                        assert result.potentials[p] == int(potentials[exist, n, i, p][-1]), (
                            f"{where}, channel {p}"
                        )
                    assert result.saturated == bool(saturated[exist, n, i].any()), f"{where}: saturation"
        return spikes, saturated


async def begin(dut) -> Bench:
    dut.settings.value = settings_bits()
    await start(dut)
    return Bench(dut)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def every_switch_matches_golden(dut):
    bench = await begin(dut)
    bench.source.set_pause_generator(stalls(bench.rng, 0.2))
    fired = silent = clamped = free = 0
    top = 1 << CONFIG.current_bits - 1
    for settings in all_neurons(CONFIG, bench.rng):
        steps = bench.rng.randrange(1, 2 * S + 2)
        limit = bench.rng.choice([12, 300, top // 16, top])
        await bench.settle(settings_bits(settings))
        currents = bench.draw(steps, 2, limit)
        await bench.send(currents)
        spikes, saturated = await bench.check(settings, currents)
        fired += int(spikes.sum())
        silent += int((1 - spikes).sum())
        clamped += int(saturated.sum())
        free += int((~saturated).sum())
    assert fired and silent and free
    assert clamped or CONFIG.current_bits < CONFIG.potential_bits - 4, "no potential saturated"
    assert bench.monitor.waits or S * 3 + 2 <= SLOTS or SLOTS > 20


@cocotb.test(timeout_time=200, timeout_unit="us")
async def extremes_match_golden(dut):
    bench = await begin(dut)
    top, edge = 1 << CONFIG.current_bits - 1, (1 << CONFIG.potential_bits - 1) - 1
    choices = torch.tensor([-top, top - 1, -1, 0, 1])
    clamped = 0
    for settings in bench.rng.sample(all_neurons(CONFIG, bench.rng), 24):
        await bench.settle(settings_bits(settings))
        bench.bias = torch.tensor([
            bench.rng.choice([-edge - 1, edge, 0, -1 << 31, (1 << 31) - 1]) for _ in range(BLOCKS * P)
        ])
        bench.threshold = torch.tensor([
            bench.rng.choice([1, edge, (1 << 31) - 1, 2]) for _ in range(BLOCKS * P)
        ])
        bench.bias, bench.threshold = bench.bias.view(BLOCKS, P), bench.threshold.view(BLOCKS, P)
        steps = bench.rng.randrange(1, 2 * S + 2)
        picks = [bench.rng.randrange(5) for _ in range(steps * SLOTS * P)]
        currents = choices[torch.tensor(picks)].view(1, steps, SLOTS, P)
        await bench.send(currents)
        _, saturated = await bench.check(settings, currents)
        clamped += int(saturated.any())
    assert clamped > 12


@cocotb.test(timeout_time=100, timeout_unit="us")
async def one_slot_a_cycle_without_a_later_step_group(dut):
    bench = await begin(dut)
    settings = IntNeuron()
    currents = bench.draw(S, 12, 100)
    await bench.send(currents)
    await bench.source.wait()
    times = list(bench.monitor.times)
    assert [b - a for a, b in pairwise(times)] == [1] * (12 * SLOTS - 1)
    await bench.check(settings, currents)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def a_slot_waits_for_its_own_potential_and_no_longer(dut):
    bench = await begin(dut)
    settings = IntNeuron(leak="shift", leak_value=2, timing="delayed")
    await bench.settle(settings_bits(settings))
    currents = bench.draw(3 * S, 1, 100)
    await bench.send(currents)
    await bench.source.wait()
    times = list(bench.monitor.times)
    interval = max(SLOTS, LATENCY)
    assert [times[n + SLOTS] - times[n] for n in range(2 * SLOTS)] == [interval] * (2 * SLOTS)
    await bench.check(settings, currents)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def channels_and_lanes_that_do_not_exist_have_no_effect(dut):
    bench = await begin(dut)
    top = (1 << CONFIG.current_bits - 1) - 1
    bench.bias = torch.full((BLOCKS, P), (1 << CONFIG.potential_bits - 1) - 1)
    currents = torch.full((1, S, SLOTS, P), top)
    await bench.send(currents, real=1)
    await bench.send(currents, used=0)
    await bench.settle(settings_bits())
    results = [FiredLayout(CONFIG).from_bits(word) for _, word in bench.fired]
    assert len(results) == 2 * SLOTS
    for result in results[:SLOTS]:
        assert [result.spikes[p] for p in range(P)] == [(1 << S) - 1] + [0] * (P - 1)
        assert result.saturated == 1
    assert all(result.saturated == 0 and result.tag.used == 0 for result in results[SLOTS:])


@cocotb.test(timeout_time=100, timeout_unit="us")
async def reset_empties_the_pipeline(dut):
    bench = await begin(dut)
    await bench.send(bench.draw(S, 3, 100))
    for _ in range(LATENCY // 2 + 2):
        await RisingEdge(dut.clk)
    assert int(dut.pending.value) > 0
    dut.rst.value = 1
    bench.source.clear()
    for _ in range(2):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    bench.fired.clear()
    bench.monitor.times.clear()
    for _ in range(LATENCY + 2):
        await RisingEdge(dut.clk)
    assert int(dut.pending.value) == 0
    assert not bench.fired
    currents = bench.draw(S, 2, 100)
    await bench.send(currents)
    await bench.check(IntNeuron(), currents)
