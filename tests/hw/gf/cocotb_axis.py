"""cocotb side of test_axis.py."""

import json
import os
import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource
from multiplications import draw, expected

from pyralis.hw.gf.axis import element_bytes
from pyralis.hw.gf.config import GfConfig
from pyralis.hw.gf.ports import element_names
from pyralis.hw.gf.registers import COUNTERS, register_map
from pyralis.sim.bench.axi import axi_lite_master, monitor_axi_lite
from pyralis.sim.bench.stream import stalls, start

CONFIG = GfConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
WORDS = {word.name: word for word in register_map(CONFIG, operands=False).words}
BYTES = element_bytes(CONFIG)


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(stall=[0.0, 0.4])
async def products(dut, stall):
    rng = random.Random(cocotb.RANDOM_SEED)
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis_operands"), dut.clk, dut.rst)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis_result"), dut.clk, dut.rst)
    host = axi_lite_master(dut, "s_axi_ctrl", rng=rng, stall=stall)
    monitor_axi_lite(dut, "s_axi_ctrl")
    await start(dut)
    if stall:
        source.set_pause_generator(stalls(rng, stall))
        sink.set_pause_generator(stalls(rng, stall))

    async def write(name, value):
        await host.write(WORDS[name].offset, value.to_bytes(4, "little"))

    async def read(name):
        return int.from_bytes((await host.read(WORDS[name].offset, 4)).data, "little")

    await write("slot_3", 2 | 1 << 31)  # bit 2 of net 0, the reduced product
    await write("interrupt_enable", 1)
    jobs = [draw(rng, CONFIG, 0) for _ in range(40)]
    for count, job in enumerate(jobs):
        if count == 20:
            assert not int(dut.irq.value)
            await write("inject", 1)
        padding = rng.getrandbits(8 * BYTES - CONFIG.m) << CONFIG.m if CONFIG.m < 8 * BYTES else 0
        data = b"".join((job[name] | padding).to_bytes(BYTES, "little") for name in element_names(CONFIG))
        await source.send(data)
        if count >= 19:
            await source.wait()
            await ClockCycles(dut.clk, 2)
    for count, job in enumerate(jobs):
        frame = await sink.recv()
        if count == 20:
            job["inject"]["reduced"] = 1 << 2
        wanted = expected(CONFIG, job)
        user = frame.tuser[0] if isinstance(frame.tuser, list) else frame.tuser
        assert int.from_bytes(frame.tdata, "little") == wanted["product"], count
        names = ("error", "corrected", "uncorrectable", "alarm")
        assert user == sum(wanted[name] << n for n, name in enumerate(names)), count
    assert int(dut.irq.value)
    assert [await read(f"count_{name}") for name in COUNTERS] == [40, 1, 1, 0, 0]
    await RisingEdge(dut.clk)
