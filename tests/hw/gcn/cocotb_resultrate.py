"""cocotb side of test_results.py: how fast results leave a large core."""

import json
import os

import cocotb
from cocotb.triggers import ClockCycles
from resulting import Bench, Matrix

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import OutputType
from pyralis.hw.gcn.rowform import RESULT_WORDS

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
C, L, BEAT = CONFIG.columns, CONFIG.lanes, CONFIG.bus_bits // 8


async def measure(dut, rows, width, output, **more) -> tuple[int, int]:
    """Cycles of a phase in which nothing but the design waits, and beats that it writes."""
    bench = Bench(dut, CONFIG)
    await bench.begin()
    await ClockCycles(dut.clk, RESULT_WORDS + 1)  # after a reset
    matrix = Matrix.random(bench.rng, CONFIG, rows, width, output, dense=1, **more)
    cycles, beats = await bench.phase(matrix), sum(map(len, matrix.columns)) // BEAT
    dut._log.info(f"{rows} rows of {width} {output.name}: {cycles} cycles, {beats} beats")
    return cycles, beats


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(size=[1, 2, 4])
async def a_column_alone_gives_a_word_a_cycle(dut, size):
    words = 2048
    output = {1: OutputType.INT8, 2: OutputType.INT16, 4: OutputType.INT32}[size]
    cycles, _ = await measure(dut, words // size, L, output, only=C - 1)
    assert words <= cycles < words + 60


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def all_columns_fill_the_bus(dut):
    cycles, beats = await measure(dut, 600 * C, L, OutputType.INT8)
    assert beats <= cycles < 1.02 * beats + 60


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def logits_of_the_size_of_cora(dut):
    """2,708 rows of 7 elements of 16 bits: a row, which is a word of 14 bytes, a cycle and column."""
    cycles, beats = await measure(dut, 2708, 7, OutputType.INT16)
    assert beats <= cycles < 1.2 * beats + 60
