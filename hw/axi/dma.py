"""What the two DMA engines share: parameters, the job, the next burst of a job."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data

from pyralis.hw.axi.signature import BOUNDARY_BYTES

__all__ = ["BurstQueue", "DmaConfig", "DmaJob", "GivenBurst", "NextBurst"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DmaConfig:
    """Parameters of :class:`~pyralis.hw.axi.read.ReadDma` and :class:`~pyralis.hw.axi.write.WriteDma`.

    Attributes
    ----------
    address_bits : int
        Width of a bus address, in bits.
    data_bits : int
        Width of the bus, a power of two from 8 to 1024, in bits.
    burst_beats : int
        Longest burst, a power of two up to 256, in beats. Bursts end at multiples of this many beats, so none
        crosses 4 KB.
    outstanding : int
        Longest bursts asked for and not yet answered. Reads hide a latency of about
        ``(outstanding - 1) * burst_beats`` cycles and hold ``outstanding * burst_beats`` beats on chip.
    bursts : int
        Bursts of any length that are read and not yet answered, at least ``outstanding``: those of single
        beats come without gaps if there are as many as the latency has cycles. 0 means ``outstanding``.
    """

    address_bits: int = 40
    data_bits: int = 128
    burst_beats: int = 16
    outstanding: int = 4
    bursts: int = 0

    def __post_init__(self) -> None:
        if not self.bursts:
            object.__setattr__(self, "bursts", self.outstanding)
        if not 32 <= self.address_bits <= 64:
            raise ValueError(f"address_bits must be in 32..64, not {self.address_bits}")
        if self.data_bits not in (8, 16, 32, 64, 128, 256, 512, 1024):
            raise ValueError(f"data_bits must be a power of two in 8..1024, not {self.data_bits}")
        if self.burst_beats not in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            raise ValueError(f"burst_beats must be a power of two in 1..256, not {self.burst_beats}")
        if self.burst_beats * self.beat_bytes > BOUNDARY_BYTES:
            raise ValueError(
                f"a burst of burst_beats ({self.burst_beats}) x {self.beat_bytes} bytes must not exceed "
                f"{BOUNDARY_BYTES} bytes"
            )
        if not 1 <= self.outstanding <= 64:
            raise ValueError(f"outstanding must be in 1..64, not {self.outstanding}")
        if not self.outstanding <= self.bursts <= 64:
            raise ValueError(f"bursts must be in {self.outstanding}..64, not {self.bursts}")

    @property
    def beat_bytes(self) -> int:
        return self.data_bits // 8

    @property
    def depth(self) -> int:
        """Beats that may be on the way or on chip at once."""
        return self.burst_beats * self.outstanding


class DmaJob(data.StructLayout):
    """``address``: of the first byte, a multiple of the bus bytes; ``beats``: how many to move."""

    def __init__(self, config: DmaConfig) -> None:
        super().__init__({"address": config.address_bits, "beats": 32})


class NextBurst:
    """Walks one job burst by burst; builds its registers and logic into *m*.

    Attributes
    ----------
    active : Signal()
        A job is in progress and ``address``, ``beats`` describe its next burst.
    kept : Signal()
        A job has been taken, and bursts of it are to come: the same.
    address : Value
        First byte of the next burst.
    beats, length : Signal
        Its length, 1..burst_beats; and the same less one, as the bus wants it.
    last : Signal()
        It is the last burst of the job.
    free : Value
        A new job may be loaded at this edge: from the second edge after the last burst of the one before, or
        if *eager*, at the edge of the only beat of one. (That edge would be possible for all jobs, but would
        tie the readiness for jobs to all that a burst waits for.)
    """

    def __init__(self, m: Module, config: DmaConfig, *, step, eager: bool = False) -> None:
        unit, span = (config.beat_bytes - 1).bit_length(), (config.burst_beats - 1).bit_length()
        self._line = Signal(config.address_bits - unit, name="line", reset_less=True)  # address in beats
        self._left = Signal(32, name="left", reset_less=True)
        self.active = self.kept = Signal(name="active")
        self.beats = Signal(range(config.burst_beats + 1), name="beats")
        self.length = Signal(8, name="length")
        self.last = Signal(name="last")
        self.address = Cat(*([0] * unit), self._line) if unit else self._line
        self._single = Signal(name="single", reset_less=True)  # the job has one beat
        self.free = ~self.active | (self._single & step if eager else 0)
        room = Signal.like(self.beats, name="beats_to_boundary")
        m.d.comb += room.eq(config.burst_beats - self._line[:span])
        # A short comparison and a test for zero: one of 32 bits would be the longest path of both engines.
        short, long = self._left[: len(room)], self._left[len(room) :]
        m.d.comb += self.last.eq((long == 0) & (short <= room))
        m.d.comb += self.beats.eq(Mux(self.last, short, room))
        # Both differences are there before it is known which one counts.
        to_boundary = ~self._line[:span] if span else Const(0)
        m.d.comb += self.length.eq(Mux(self.last, short - 1, to_boundary))
        with m.If(step):
            m.d.sync += self._line.eq(Cat(*([0] * span), self._line[span:] + 1))
            m.d.sync += self._left.eq(self._left - room)  # after the last burst it does not matter
            with m.If(self.last):
                m.d.sync += self.active.eq(0)

    def load(self, m: Module, job, taken) -> None:
        """Takes *job* when it is *taken*, only where ``free`` holds.

        Whatever is offered is copied until then, so that the copy does not wait for the transfer.
        """
        with m.If(self.free):
            m.d.sync += [
                self._line.eq(job.address[-len(self._line) :]),
                self._left.eq(job.beats),
                self._single.eq(job.beats == 1),
            ]
        with m.If(taken):
            m.d.sync += self.active.eq(job.beats != 0)

    def drop(self, m: Module) -> None:
        m.d.sync += self.active.eq(0)


class GivenBurst:
    """A job that is one burst and stays where it is offered; has what :class:`NextBurst` has.

    It is taken at the edge of *step*, so nothing of it is ever kept here.
    """

    def __init__(self, m: Module, config: DmaConfig, *, jobs, step) -> None:
        self.active, self.kept = jobs.valid, Const(0)
        self.address, self.last = jobs.p.address, Const(1)
        self.beats = jobs.p.beats[: config.burst_beats.bit_length()]
        self.length = Signal(8, name="length")
        self.free = step
        m.d.comb += self.length.eq(self.beats - 1)


class BurstQueue:
    """Notes about the bursts on the way, oldest first: a shift register, for a handful of short notes.

    Attributes
    ----------
    head : Signal(shape)
        Note of the oldest burst, where ``some`` holds.
    some, full : Value
        There is a burst on the way; there is no room for another.
    """

    def __init__(self, m: Module, name: str, shape, depth: int, *, push, note, pop) -> None:
        rows = [Signal(shape, name=f"{name}_{n}", reset_less=True) for n in range(depth)]
        count = Signal(range(depth + 1), name=f"{name}_count")
        kept = Signal.like(count, name=f"{name}_kept")
        m.d.comb += kept.eq(count - pop)
        m.d.sync += count.eq(kept + push)
        for n, row in enumerate(rows):
            if n + 1 < depth:
                with m.If(pop):
                    m.d.sync += row.eq(rows[n + 1])
            with m.If(push & (kept == n)):
                m.d.sync += row.eq(note)
        self.head, self.some, self.full = rows[0], count != 0, count == depth
