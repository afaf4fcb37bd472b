"""Jobs on a simulated core that are made to fail, and good ones behind them: for every core with programs."""

from pyralis.hw.common.descriptor import DESCRIPTOR_BYTES
from pyralis.sim.bench.core import MemorySettings

SPARE = 1 << 20
"""Address of a second copy of what a fault makes unusable."""

BUSY, DONE, FAILED, DRAINING = 1, 2, 4, 8


class Job:
    """One job in memory, with the copies that a restart uses.

    *image*: ``data``, ``bases``, ``output_bytes`` and ``runs``; *make_script*: an empty script for the core's
    registers; *resident*: what is loaded stays on chip.
    """

    def __init__(self, compiled, image, machine, make_script, *, resident: bool) -> None:
        self.compiled, self.image, self.machine = compiled, image, machine
        self.script, self.resident = make_script, resident

    def start(self, script, key: str, *, timeout: int = 2000, **addresses: int) -> None:
        """Starts the job (parts at other *addresses* if given), waits, reads how it ended as *key*..."""
        script.job(
            {**self.image.bases, **addresses},
            strides=(self.compiled.input_stride, self.compiled.output_stride),
            runs=self.image.runs,
            resident=self.resident,
            timeout=timeout,
            cycles=200_000,
        )
        self.look(script, key)

    def look(self, script, key: str) -> None:
        for name in ("status", "error", "runs_done"):
            script.read(name, f"{key} {name}")

    def run(self, script, memory: bytes, **settings):
        return self.machine.run(
            memory,
            script,
            dump=(self.image.bases["output"], self.image.output_bytes),
            settings=MemorySettings(**settings),
        )

    def memory(self, patches: dict[int, bytes]) -> bytes:
        end = max([len(self.image.data), *(base + len(content) for base, content in patches.items())])
        data = bytearray(self.image.data) + bytes(end - len(self.image.data))
        for base, content in patches.items():
            data[base : base + len(content)] = content
        return bytes(data)


def assert_failed(outcome, key: str, code, index: int | None = None) -> None:
    """The job *key* ended with *code*, at descriptor *index*."""
    values = outcome.values
    assert type(code)(values[f"{key} error"] & 0xFF) == code
    assert values[f"{key} status"] & (BUSY | DONE | FAILED) == FAILED
    if index is not None:
        assert values[f"{key} error"] >> 16 == index


def assert_done(outcome, key: str) -> None:
    assert outcome.values[f"{key} status"] & (BUSY | DONE | FAILED) == DONE
    assert outcome.values[f"{key} error"] == 0


def patched(program: bytes, number: int, layout, **fields: int) -> bytes:
    """*program* with some fields of descriptor *number* replaced."""
    start = number * DESCRIPTOR_BYTES
    word = int.from_bytes(program[start : start + DESCRIPTOR_BYTES], "little")
    for name, value in fields.items():
        field = layout[name]
        mask = (1 << field.width) - 1
        word = word & ~(mask << field.offset) | (value & mask) << field.offset
    return program[:start] + word.to_bytes(DESCRIPTOR_BYTES, "little") + program[start + DESCRIPTOR_BYTES :]
