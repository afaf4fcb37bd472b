"""cocotb side of test_weights.py: runs inside the simulator."""

import json
import os
import random

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.weights import WEIGHT_LATENCY
from pyralis.sim.bench.stream import StreamSource, monitor_streams, stalls, start, unpack


def setup(dut):
    config = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
    for name in (
        "read__index",
        "read__enable",
        "read__release",
        "rewind",
        "parameters__block",
        "parameters__release",
    ):
        dut[name].value = 0
    return config, random.Random(cocotb.RANDOM_SEED)


def random_layers(config, rng, count, most):
    """Per layer a list of tiles, each (parameter words, weight words)."""
    layers = []
    for _ in range(count):
        words = rng.randint(1, most)
        layers.append([
            (
                [rng.getrandbits(64 * config.neuron_lanes) for _ in range(config.blocks)],
                [rng.getrandbits(config.weight_word_bits) for _ in range(words)],
            )
            for _ in range(rng.randint(1, 4))
        ])
    return layers


def beats(config, layers):
    for layer in layers:
        for parameters, words in layer:
            for word, bits in [(p, 64 * config.neuron_lanes) for p in parameters] + [
                (w, config.weight_word_bits) for w in words
            ]:
                yield from unpack(word, config.bus_bits, bits // config.bus_bits)


async def offer(dut, config, layers, rng=None):
    shapes, source = StreamSource(dut, "layers"), StreamSource(dut, "beats")
    if rng:
        source.set_pause_generator(stalls(rng, 0.3))
    monitor_streams(dut)
    for layer in layers:
        shapes.send_nowait(len(layer[0][1]) | len(layer) << 32)
    for beat in beats(config, layers):
        source.send_nowait(beat)
    return source


async def read_tiles(dut, config, layers, rng, *, passes):
    """Reads every tile *passes* times as the sequencer does; returns [(cycle, word)] and cycles waited."""
    expected, waits, cycle = [], 0, 0
    for layer in layers:
        for _, words in layer:
            for number in range(passes):
                last = number == passes - 1
                for index, word in enumerate(words):
                    dut.read__index.value = 0 if last else index
                    dut.read__release.value = int(last)
                    while True:
                        hold = rng.random() < 0.2
                        dut.read__enable.value = 0
                        await ReadOnly()
                        available = int(dut.read__available.value)
                        await RisingEdge(dut.clk)
                        cycle += 1
                        if available and not hold:
                            break
                        waits += not available
                    dut.read__enable.value = 1
                    await RisingEdge(dut.clk)
                    cycle += 1
                    expected.append((cycle, word))
    dut.read__enable.value = 0
    return expected, waits


async def record(dut, config, seen):
    """Stage values by cycle, on the clock of :func:`read_tiles`."""
    cycle = 0
    while True:
        await RisingEdge(dut.clk)
        cycle += 1
        seen[cycle] = int(dut.weights.value)


async def check_weights(dut, config, layers, rng, passes):
    seen = {}
    recorder = cocotb.start_soon(record(dut, config, seen))
    expected, waits = await read_tiles(dut, config, layers, rng, passes=passes)
    for _ in range(WEIGHT_LATENCY + config.stages + 2):
        await RisingEdge(dut.clk)
    recorder.cancel()
    for cycle, word in expected:
        # Requested at the edge `cycle`: data is sampled WEIGHT_LATENCY edges later, stage k another k later.
        for k, stage in enumerate(unpack(word, config.stage_bits, config.stages)):
            got = unpack(seen[cycle + WEIGHT_LATENCY + k], config.stage_bits, config.stages)[k]
            assert got == stage, f"stage {k} of the word requested in cycle {cycle}"
    return waits


async def check_parameters(dut, config, layers, rng):
    for layer in layers:
        for parameters, _ in layer:
            while not int(dut.parameters__ready.value):
                await RisingEdge(dut.clk)
            for _ in range(rng.randint(1, 3)):
                for block, word in enumerate(parameters):
                    dut.parameters__block.value = block
                    await RisingEdge(dut.clk)
                    await RisingEdge(dut.clk)
                    pairs = unpack(word, 64, config.neuron_lanes)
                    assert unpack(int(dut.parameters__bias.value), 32, config.neuron_lanes) == [
                        pair & 0xFFFFFFFF for pair in pairs
                    ]
                    assert unpack(int(dut.parameters__threshold.value), 32, config.neuron_lanes) == [
                        pair >> 32 for pair in pairs
                    ]
            dut.parameters__release.value = 1
            await RisingEdge(dut.clk)
            dut.parameters__release.value = 0
            await RisingEdge(dut.clk)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(passes=[1, 2, 3], stall=[False, True])
async def streamed(dut, passes, stall):
    """Many more words than the ring holds; the reader waits for the memory and the memory for the reader."""
    config, rng = setup(dut)
    await start(dut)
    layers = random_layers(config, rng, 6, config.weight_depth if passes > 1 else 2 * config.weight_depth)
    total = sum(len(words) for layer in layers for _, words in layer)
    assert total > 2 * config.weight_depth
    await offer(dut, config, layers, rng if stall else None)
    parameters = cocotb.start_soon(check_parameters(dut, config, layers, rng))
    waits = await check_weights(dut, config, layers, rng, passes)
    assert waits > 0, "the reader never waited for the memory"
    await parameters


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def resident(dut):
    """Weights that fit are loaded once and read again after every rewind."""
    config, rng = setup(dut)
    await start(dut)
    layers = random_layers(config, rng, 2, config.weight_depth // 8)
    await offer(dut, config, layers)
    for _ in range(3):
        parameters = cocotb.start_soon(check_parameters(dut, config, layers, rng))
        await check_weights(dut, config, layers, rng, 2)
        await parameters
        dut.rewind.value = 1
        await RisingEdge(dut.clk)
        dut.rewind.value = 0
        await RisingEdge(dut.clk)
