"""Registers by which a driver starts and watches the jobs of a core, and their way to its control."""

from amaranth import Module, Signal
from amaranth.lib import enum

from pyralis.hw.axi.registermap import Field, Register
from pyralis.hw.axi.registers import RegisterBank
from pyralis.hw.common.control import JobControl

__all__ = ["connect_job", "job_registers", "report_job"]

DEFAULT_TIMEOUT = 1 << 20


def job_registers(
    codes: type[enum.Enum], *, saturated: str, weights: str, resident: str
) -> tuple[Register, ...]:
    """Registers 0x20 to 0x6F of every core that runs programs.

    Parameters
    ----------
    codes : type of enum
        Of the error.
    saturated, weights, resident : str
        What the flag, what lies at the address, and what the bit says.
    """
    return (
        Register(
            "control",
            0x20,
            access="pulse",
            fields=(
                Field("start", 0, doc="Run the program `runs` times. Ignored while busy."),
                Field("abort", 1, doc="Stop and reset the datapath."),
            ),
        ),
        Register(
            "status",
            0x24,
            access="ro",
            fields=(
                Field("busy", 0, doc="A job is running."),
                Field("done", 1, doc="The last job ended well."),
                Field("failed", 2, doc="The last job ended with an error."),
                Field(
                    "draining", 3, doc="The bus still owes answers to the last job; a start waits for them."
                ),
            ),
        ),
        Register(
            "error",
            0x28,
            access="ro",
            fields=(
                Field("code", 0, width=8, values=codes, doc="Why the job ended."),
                Field("index", 16, width=16, doc="Descriptor at fault."),
            ),
        ),
        Register("flags", 0x2C, access="w1c", fields=(Field("saturated", 0, doc=saturated),)),
        Register(
            "interrupt",
            0x30,
            access="w1c",
            fields=(Field("finished", 0, doc="A job has ended, well or not."),),
        ),
        Register("interrupt_enable", 0x34, fields=(Field("finished", 0),)),
        Register(
            "timeout",
            0x38,
            reset=DEFAULT_TIMEOUT,
            doc="Cycles without activity until a job is given up; 0: never.",
        ),
        Register("runs", 0x3C, reset=1, doc="Times that the program runs."),
        Register("program_address", 0x40, width=64, doc="Byte address of the descriptors."),
        Register("weights_address", 0x48, width=64, doc=weights),
        Register("input_address", 0x50, width=64, doc="Byte address of the first run's input."),
        Register("output_address", 0x58, width=64, doc="Byte address of the first run's results."),
        Register("input_stride", 0x60, doc="Bytes between the inputs of two runs."),
        Register("output_stride", 0x64, doc="Bytes between the results of two runs."),
        Register("resident", 0x68, fields=(Field("value", 0, doc=resident),)),
        Register(
            "runs_done",
            0x6C,
            access="ro",
            doc="Runs that have ended; their results are in memory when the job has.",
        ),
    )


def connect_job(m: Module, control: JobControl, bank: RegisterBank) -> None:
    """What the driver has written, to the control."""
    m.d.comb += [
        control.start.eq(bank.control.start),
        control.abort.eq(bank.control.abort),
        control.runs.eq(bank.runs.value),
        control.resident.eq(bank.resident.value),
        control.timeout.eq(bank.timeout.value),
        control.input_base.eq(bank.input_address.value),
        control.output_base.eq(bank.output_address.value),
        control.input_stride.eq(bank.input_stride.value),
        control.output_stride.eq(bank.output_stride.value),
    ]


def report_job(
    m: Module, control: JobControl, bank: RegisterBank, *, drained, saturated, irq: Signal
) -> None:
    """The state of the job, to the registers and to the interrupt.

    *drained*: nothing is outstanding on the bus; *saturated*: raises the flag.
    """
    m.d.comb += [
        bank.status.busy.eq(control.busy),
        bank.status.done.eq(control.done),
        bank.status.failed.eq(control.failed),
        bank.status.draining.eq(~control.busy & ~drained),
        bank.error.code.eq(control.error),
        bank.error.index.eq(control.error_index),
        bank.flags.saturated_set.eq(saturated),
        bank.interrupt.finished_set.eq(control.finished),
        irq.eq(bank.interrupt.finished & bank.interrupt_enable.finished),
        bank.runs_done.value.eq(control.runs_done),
    ]
