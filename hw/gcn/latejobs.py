"""Jobs of constants to memory, and whether they can wait until features have come."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["TURN_BITS", "LateJobs"]

TURN_BITS = 6
"""Low bits of the number of a load of features; no more than 32 are under way."""


class LateJobs(wiring.Component):
    """Passes jobs on, and says of those under way whether they belong behind loads of features.

    What is said holds for all that memory has been asked for. So a job waits, if other loads of features
    stand in front of it than in front of those under way, until all of these have come.

    Parameters
    ----------
    job
        Layout of a job.
    most : int
        Jobs that are under way at a time.

    Ports
    -----
    jobs : In(stream of {job, turn})
        ``turn``: how many loads of features stand in front of it.
    passed : Out(stream of job)
    asked, come : In(1)
        Memory is asked for a job, of which one that is passed on may become several; a job has come.
    done : In(1)
        Pulse: a load of features has come.
    late : Out(1)
        Loads of features are still to come that stand in front of the jobs under way.

    Timing
    ------
    A job passes in the same cycle. ``late`` is two cycles behind what makes it so.
    """

    def __init__(self, job: data.StructLayout, most: int) -> None:
        self.most = most
        super().__init__({
            "jobs": In(stream.Signature(data.StructLayout({"job": job, "turn": TURN_BITS}))),
            "passed": Out(stream.Signature(job)),
            "asked": In(1),
            "come": In(1),
            "done": In(1),
            "late": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        turn, ended, ahead = Signal(TURN_BITS), Signal(TURN_BITS), Signal(TURN_BITS)
        under_way, may = Signal(range(self.most + 1)), Signal()
        m.d.comb += [
            may.eq((turn == self.jobs.p.turn) | (under_way == 0)),
            self.passed.payload.eq(self.jobs.p.job),
            self.passed.valid.eq(self.jobs.valid & may),
            self.jobs.ready.eq(self.passed.ready & may),
            ahead.eq(turn - ended),
        ]
        m.d.sync += [
            under_way.eq(under_way + self.asked - self.come),
            ended.eq(ended + self.done),
            self.late.eq((ahead != 0) & ~ahead[-1]),
        ]
        with m.If(self.jobs.valid & (under_way == 0)):
            m.d.sync += turn.eq(self.jobs.p.turn)
        return m
