"""A core behind a serial port: what a host sees of it, from the lines of the UART."""

import json
from dataclasses import replace

import numpy as np
import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pyralis.boards.base import all_boards
from pyralis.boards.shell.serial_shell import SerialShell, memory_ports
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron
from pyralis.gen.snn.compile import compile_network
from pyralis.hw.axi.signature import AxiLite, AxiRead, AxiStream
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.lite import GfLite
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.top import SnnTop
from pyralis.sim.bench.build import run_cocotb
from pyralis.sim.golden.snn import network as golden

CLOCK_HZ, DIVISOR = 8_000_000, 8
BOARD = replace(all_boards()["ulx3s"], baud=CLOCK_HZ // DIVISOR, memory_bytes=1 << 15)

SMALL = SnnConfig(
    out_lanes=4, in_lanes=4, pixel_lanes=1, neuron_lanes=4, cell="fabric", map_words=64, weight_depth=16
)


def small_network() -> IntNetwork:
    """A convolution and a readout on 4 x 4 pixels."""
    numbers = np.random.default_rng(7)

    def layer(name, shape, threshold, **changes):
        weight = numbers.integers(-40, 60, shape).astype(np.int8)
        bias, thresholds = np.zeros(shape[0], np.int64), np.full(shape[0], threshold, np.int64)
        return IntLayer(name=name, weight=weight, bias=bias, threshold=thresholds, **changes)

    first = layer("first", (4, 1, 3, 3), 1500, padding=(1, 1), neuron=IntNeuron())
    second = layer("second", (3, 4, 4, 4), 100, kind="linear", neuron=IntNeuron(reset="none"))
    return IntNetwork(input_shape=(1, 4, 4), time_steps=4, layers=(first, second), output="potentials")


def test_a_network_runs_from_the_serial_port(tmp_path):
    images = np.random.default_rng(3).integers(-128, 128, (2, 1, 4, 4)).astype(np.int8)
    network = small_network()
    compiled = compile_network(network, SMALL)
    memory = {"program": compiled.program, "weights": compiled.weights}
    job = tmp_path / "job.json"
    expected = golden.run(network, images)
    job.write_text(
        json.dumps({
            "clock_hz": CLOCK_HZ,
            "memory_bytes": BOARD.memory_bytes,
            "contents": {name: content.hex() for name, content in memory.items()},
            "input": compiled.pack_inputs(images).hex(),
            "input_stride": compiled.input_stride,
            "output_stride": compiled.output_stride,
            "resident": int(compiled.resident),
            "runs": len(images),
            "results": str(tmp_path / "results.bin"),
        })
    )
    shell = SerialShell(BOARD, SnnTop(SMALL), memory, CLOCK_HZ)
    run_cocotb(shell, "cocotb_serial_shell", env={"JOB": str(job), "DIVISOR": str(DIVISOR)})
    found = compiled.unpack_results((tmp_path / "results.bin").read_bytes(), len(images))
    assert (found == expected.scores.numpy()).all()
    assert len(set(map(tuple, found.tolist()))) == 2, "two images with different results"


def test_a_core_without_memory_has_none():
    shell = SerialShell(BOARD, GfLite(GfConfig(m=4)), {}, CLOCK_HZ)
    assert shell.memory_bytes == 0 and memory_ports(shell.core) == {}
    assert shell.map["memory"].fields[0].reset == 0


def test_the_bit_rate_comes_from_the_clock():
    assert SerialShell(replace(BOARD, baud=115_200), GfLite(GfConfig(m=4)), {}, 100e6).divisor == 868
    with pytest.raises(ValueError, match=r"3000000 bits a second cannot be made from 8 MHz"):
        SerialShell(replace(BOARD, baud=3_000_000), GfLite(GfConfig(m=4)), {}, CLOCK_HZ)
    with pytest.raises(ValueError, match="divisor must be at least 4, not 2"):
        SerialShell(replace(BOARD, baud=4_000_000), GfLite(GfConfig(m=4)), {}, CLOCK_HZ)


def test_contents_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"memory of 32768 bytes is too small for 36864 bytes of contents"):
        SerialShell(BOARD, SnnTop(SMALL), {"program": bytes(4097), "weights": bytes(28672)}, CLOCK_HZ)
    with pytest.raises(ValueError, match="memory of 0 bytes is too small for 4096"):
        SerialShell(BOARD, GfLite(GfConfig(m=4)), {"program": b"x"}, CLOCK_HZ)


class Core(wiring.Component):
    """A core with ports of a test's choice."""

    def __init__(self, **ports) -> None:
        super().__init__({"s_axi_ctrl": In(AxiLite(address_bits=8)), "irq": Out(1), **ports})

    def elaborate(self, platform) -> Module:
        return Module()


def test_ports_that_cannot_be_joined_are_refused():
    one, two = (Out(AxiRead(address_bits=32, data_bits=bits)) for bits in (32, 64))
    with pytest.raises(ValueError, match=r"m_axi_a, m_axi_b must have the same widths"):
        memory_ports(Core(m_axi_a=one, m_axi_b=two))
    with pytest.raises(ValueError, match="m_axi_a must be an AxiRead or Axi4 port"):
        memory_ports(Core(m_axi_a=Out(AxiStream(data_bits=8))))
