"""cocotb side of test_results.py: runs inside the simulator."""

import json
import os

import cocotb
from cocotb.triggers import ClockCycles
from resulting import Bench, Matrix

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.epilogue import OutputType

CONFIG = GcnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
C, L, BEAT = CONFIG.columns, CONFIG.lanes, CONFIG.bus_bits // 8


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.6])
async def every_type_and_number_of_slices(dut, stall):
    bench = Bench(dut, CONFIG, stall=stall)
    await bench.begin()
    rng = bench.rng
    for output in OutputType:
        for slices in (1, 2, 3, 5):
            width = (slices - 1) * L + rng.randint(1, L)
            rows = rng.randint(1, 40 * C)
            place = {"address": rng.randrange(20) * BEAT, "gap": rng.randrange(3)}
            matrix = Matrix.random(rng, CONFIG, rows, width, output, **place, group=rng.randrange(9))
            await bench.phase(matrix, base=rng.getrandbits(39) // BEAT * BEAT)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def columns_of_any_length_and_without_rows(dut):
    bench = Bench(dut, CONFIG, stall=0.2)
    await bench.begin()
    for rows in range(1, 2 * C + 2):
        await bench.phase(Matrix.random(bench.rng, CONFIG, rows, 3, OutputType.INT8))
    for rows in (1, C + 1):
        await bench.phase(Matrix.random(bench.rng, CONFIG, rows, 1, OutputType.UINT8))


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def rows_that_fill_the_reorder_memory_many_times(dut, stall):
    bench = Bench(dut, CONFIG, stall=stall)
    await bench.begin()
    for width, output in ((1, OutputType.INT8), (L - 1, OutputType.INT8), (2 * L + 1, OutputType.INT16)):
        await bench.phase(Matrix.random(bench.rng, CONFIG, 700 * C + 1, width, output))


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def dense_rows_come_by_groups_of_a_module(dut, stall):
    """Also where one group fills the reorder memory: 512 words of 16 rows."""
    bench = Bench(dut, CONFIG, stall=stall)
    await bench.begin()
    dense = 16
    for width, output in ((3 * L, OutputType.INT8), (8 * L - 1, OutputType.INT32), (L, OutputType.INT16)):
        matrix = Matrix.random(bench.rng, CONFIG, 3 * dense * C + 5, width, output, dense=dense)
        await bench.phase(matrix)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_reset_in_mid_phase_leaves_nothing_behind(dut):
    bench = Bench(dut, CONFIG, stall=0.3)
    await bench.begin()
    matrix = Matrix.random(bench.rng, CONFIG, 300 * C, L - 1, OutputType.INT8)
    for cycles in (50, 333):
        phase = cocotb.start_soon(bench.phase(matrix))
        await ClockCycles(dut.clk, 600 + cycles)
        assert int(dut.busy.value)
        phase.cancel()
        await bench.reset()
        await bench.phase(Matrix.random(bench.rng, CONFIG, 40 * C, 5, OutputType.INT16))
