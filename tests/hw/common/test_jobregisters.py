"""pyralis.hw.common.jobregisters: the registers of a job and their way to its control."""

from amaranth import Module, Signal
from amaranth.lib import enum
from amaranth.sim import Simulator

from pyralis.hw.axi.registermap import RegisterMap
from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.common.control import JobControl
from pyralis.hw.common.jobregisters import connect_job, job_registers, report_job


class Code(enum.Enum, shape=4):
    NONE = 0
    BROKEN = 5
    TIMEOUT = 7


REGISTERS = job_registers(Code, saturated="Clamped.", weights="Weights.", resident="Stays.")
MAP = RegisterMap(name="job", registers=REGISTERS, address_bits=8)
WORDS = {word.name: word.offset for word in MAP.words}


def test_registers_have_their_places():
    assert min(WORDS.values()) == 0x20 and max(WORDS.values()) == 0x6C
    assert MAP["flags"].fields[0].doc == "Clamped."
    assert MAP["weights_address"].fields[0].doc == "Weights."
    assert MAP["resident"].fields[0].doc == "Stays."
    assert MAP["error"].fields[0].values is Code


async def write(context, bank, name: str, value: int) -> None:
    context.set(bank.bus.awaddr, WORDS[name])
    context.set(bank.bus.wdata, value)
    context.set(bank.bus.wstrb, 15)
    for valid in ("awvalid", "wvalid", "bready"):
        context.set(getattr(bank.bus, valid), 1)
    await context.tick()
    for valid in ("awvalid", "wvalid"):
        context.set(getattr(bank.bus, valid), 0)
    await context.tick()


async def read(context, bank, name: str) -> int:
    context.set(bank.bus.araddr, WORDS[name])
    context.set(bank.bus.arvalid, 1)
    context.set(bank.bus.rready, 1)
    await context.tick()
    context.set(bank.bus.arvalid, 0)
    await context.tick()
    assert context.get(bank.bus.rvalid)
    return context.get(bank.bus.rdata)


def test_a_driver_starts_a_job_and_sees_how_it_ends():
    top = Module()
    top.submodules.bank = bank = RegisterBank(MAP)
    top.submodules.control = control = JobControl(40, Code, {"broken": Code.BROKEN})
    irq, drained, saturated = Signal(), Signal(init=1), Signal()
    top.d.comb += control.drained.eq(drained)
    connect_job(top, control, bank)
    report_job(top, control, bank, drained=drained, saturated=saturated, irq=irq)

    async def bench(context):
        values = {
            "runs": 3,
            "timeout": 1000,
            "resident": 1,
            "input_address_lo": 0x1234_0000,
            "input_address_hi": 0x56,
            "output_address_lo": 0x4000,
            "input_stride": 0x100,
            "output_stride": 0x80,
            "interrupt_enable": 1,
        }
        for name, value in values.items():
            await write(context, bank, name, value)
            assert await read(context, bank, name) == value
        await write(context, bank, "control", 1)
        await context.tick().repeat(4)
        assert await read(context, bank, "status") == 1
        assert context.get(control.runs) == 3 and context.get(control.timeout) == 1000
        assert context.get(control.input_address) == 0x56_1234_0000
        context.set(control.run_done, 1)
        context.set(saturated, 1)
        await context.tick()
        context.set(control.run_done, 0)
        context.set(saturated, 0)
        await context.tick()
        assert context.get(control.input_address) == 0x56_1234_0100
        assert context.get(control.output_address) == 0x4080
        assert context.get(control.resident)
        assert await read(context, bank, "runs_done") == 1
        assert await read(context, bank, "flags") == 1
        assert not context.get(irq)
        context.set(control.index, 9)
        context.set(control.faults, {"broken": 1})
        context.set(drained, 0)
        await context.tick().repeat(4)
        assert context.get(irq)
        assert await read(context, bank, "status") == 0b1100
        assert await read(context, bank, "error") == 9 << 16 | 5
        context.set(drained, 1)
        await write(context, bank, "interrupt", 1)
        assert not context.get(irq)
        assert await read(context, bank, "status") == 0b100
        await write(context, bank, "control", 1)
        await context.tick().repeat(4)
        context.set(control.faults, {"broken": 0})
        await write(context, bank, "control", 2)
        await context.tick().repeat(4)
        assert await read(context, bank, "status") & 1 == 0, "abort ends the job"

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
