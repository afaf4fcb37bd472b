"""cocotb side of test_control.py: runs inside the simulator."""

import json
import os
import random
from types import SimpleNamespace

import cocotb
from cocotb.triggers import RisingEdge

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.control import FAULTS
from pyralis.hw.snn.program import ErrorCode
from pyralis.sim.bench.stream import start

CONFIG = SnnConfig(**json.loads(os.environ["PYRALIS_CONFIG"]))
PULSES = ("start", "abort", "activity", "run_done", "fetch_error", "faults")
SETTINGS = ("runs", "resident", "timeout", "input_base", "output_base", "input_stride", "output_stride")
OUTPUTS = (
    *("fetch", "load_weights", "rewind", "input_address", "output_address", "flush", "begin", "busy", "done"),
    *("failed", "finished", "error", "error_index", "runs_done"),
)
BITS = {name: 1 << n for n, name in enumerate(FAULTS)}


class Bench:
    """Drives the inputs a cycle at a time and looks at the outputs at its end.

    Attributes
    ----------
    history : list of SimpleNamespace
        Outputs of every cycle since the last call of :meth:`begin`.
    """

    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        for name in (*PULSES, *SETTINGS, "fetch_busy", "fetch_index", "index"):
            dut[name].value = 0
        dut.drained.value = 1

    async def cycle(self, **pulses: int) -> SimpleNamespace:
        """One cycle with *pulses*; returns the outputs in it."""
        for name, value in pulses.items():
            self.dut[name].value = value
        await RisingEdge(self.dut.clk)
        seen = SimpleNamespace(**{name: int(self.dut[name].value) for name in OUTPUTS})
        for name in pulses:
            if name in PULSES:
                self.dut[name].value = 0
        self.history.append(seen)
        assert not seen.done or not seen.failed
        return seen

    async def begin(self, **settings: int) -> None:
        """Starts a job; the next cycle is its first in which programs are fetched."""
        for name, value in {"runs": 3, "timeout": 0, **settings}.items():
            self.dut[name].value = value
        self.history = []
        assert (await self.cycle(start=1)).begin
        assert not (await self.cycle()).flush
        seen = await self.cycle()
        assert seen.busy and seen.flush and not seen.fetch and not seen.begin
        assert (seen.done, seen.failed, seen.error, seen.error_index, seen.runs_done) == (0, 0, 0, 0, 0)

    async def settle(self) -> SimpleNamespace:
        """Until the job has ended; returns the outputs of the first idle cycle."""
        for _ in range(10_000):
            seen = await self.cycle()
            if not seen.busy:
                return seen
        raise AssertionError("the job never ended")

    async def whole_job(self, **settings: int) -> list[tuple[int, int, int]]:
        """A job with a fetch unit and datapath of random speed; (input, output, load_weights) of each run."""
        rng, runs = self.rng, settings.get("runs", 3)
        await self.begin(**settings)
        fetching, queue, executing, loads, ran = 0, 0, 0, [], []
        for _ in range(10_000):
            done = executing == 1
            pulses = {"run_done": 1} if done else {}
            seen = await self.cycle(**pulses, fetch_busy=int(fetching > 0), start=int(rng.random() < 0.2))
            assert not seen.begin, "a start while busy must be ignored"
            if fetching == 2:
                loads.append(seen.load_weights)
                queue += 1
            fetching = max(fetching - 1, 0)
            if seen.fetch:
                assert fetching == 0
                fetching = rng.randrange(2, 12)
            if done:
                ran.append((seen.input_address, seen.output_address))
            assert seen.rewind == (done and settings.get("resident", 0))
            if executing == 0 and queue:
                queue, executing = queue - 1, rng.randrange(2, 12)
            elif executing:
                executing -= 1
            if seen.finished:
                break
        self.dut.fetch_busy.value = 0
        ended = await self.cycle()
        assert (ended.busy, ended.done, ended.failed, ended.error) == (0, 1, 0, 0)
        assert ended.runs_done == len(ran) == len(loads) == runs
        assert sum(seen.fetch for seen in self.history) == runs
        assert sum(seen.flush for seen in self.history) == 1, (
            "a job that ends well is flushed at its start only"
        )
        assert sum(seen.finished for seen in self.history) == 1
        return [(*addresses, load) for addresses, load in zip(ran, loads, strict=True)]

    def check_failed(self, ended: SimpleNamespace, code: ErrorCode, index: int) -> None:
        assert (ended.busy, ended.done, ended.failed) == (0, 0, 1)
        assert (ErrorCode(ended.error), ended.error_index) == (code, index)
        self.check_stopped()

    def check_stopped(self) -> None:
        """One flush and the interrupt in the job's last cycle, nothing fetched in it."""
        last = [seen for seen in self.history if seen.busy][-1]
        assert last.flush and last.finished and not last.fetch
        assert sum(seen.finished for seen in self.history) == 1


async def bench_of(dut) -> Bench:
    bench = Bench(dut)
    await start(dut)
    bench.history = []
    assert not (await bench.cycle()).busy
    return bench


@cocotb.test(timeout_time=100, timeout_unit="us")
async def runs_follow_each_other(dut):
    bench = await bench_of(dut)
    top = 1 << CONFIG.address_bits
    for runs in (1, 2, 7, 30):
        for resident in (0, 1):
            bases = [top - 1000, 0x1234_5000]
            strides = [bench.rng.randrange(1 << 12), bench.rng.getrandbits(32)]
            found = await bench.whole_job(
                runs=runs,
                resident=resident,
                input_base=bases[0],
                output_base=bases[1],
                input_stride=strides[0],
                output_stride=strides[1],
            )
            assert found == [
                (
                    (bases[0] + n * strides[0]) % top,
                    (bases[1] + n * strides[1]) % top,
                    int(n == 0 or not resident),
                )
                for n in range(runs)
            ]


@cocotb.test(timeout_time=10, timeout_unit="us")
async def no_run_is_a_job_too(dut):
    bench = await bench_of(dut)
    await bench.begin(runs=0)
    ended = await bench.settle()
    assert (ended.done, ended.failed, ended.runs_done) == (1, 0, 0)
    assert not any(seen.fetch for seen in bench.history)


@cocotb.test(timeout_time=20, timeout_unit="us")
async def every_fault_stops_the_job_and_the_next_one_runs(dut):
    bench = await bench_of(dut)
    for name, code in FAULTS.items():
        for wait in (0, 1, 9):
            await bench.begin()
            for _ in range(wait):
                await bench.cycle()
            dut.index.value = index = bench.rng.getrandbits(16)
            await bench.cycle(faults=BITS[name])
            dut.index.value = index ^ 0xFFFF
            bench.check_failed(await bench.settle(), code, index)
        assert await bench.whole_job()
    for code in (ErrorCode.OPCODE, ErrorCode.VERSION, ErrorCode.FIELD):
        await bench.begin()
        dut.fetch_index.value, dut.index.value = 77, 55
        await bench.cycle(fetch_error=code.value)
        bench.check_failed(await bench.settle(), code, 77)


@cocotb.test(timeout_time=20, timeout_unit="us")
async def the_cause_wins_over_its_consequences(dut):
    """Faults of one cycle: fetch first, then the order of FAULTS; a later cycle changes nothing."""
    bench = await bench_of(dut)
    dut.index.value = 5
    names = list(FAULTS)
    for n, name in enumerate(names):
        await bench.begin(timeout=2)  # the timeout comes in the same cycle as the faults
        await bench.cycle()
        await bench.cycle()
        await bench.cycle(faults=sum(BITS[other] for other in names[n:]))
        await bench.cycle(faults=sum(BITS.values()))
        bench.check_failed(await bench.cycle(), FAULTS[name], 5)
    await bench.begin()
    dut.fetch_index.value = 6
    await bench.cycle(fetch_error=ErrorCode.FIELD.value, faults=sum(BITS.values()))
    bench.check_failed(await bench.settle(), ErrorCode.FIELD, 6)
    # A fault in the very last cycle is told; nothing that comes after is.
    await bench.begin(runs=1)
    await bench.cycle(run_done=1)
    await bench.cycle(faults=BITS["write_bus"])
    bench.check_failed(await bench.settle(), ErrorCode.WRITE_BUS, 5)
    await bench.begin(runs=1)
    await bench.cycle(run_done=1)
    assert (await bench.cycle()).finished
    await bench.cycle(faults=sum(BITS.values()), fetch_error=ErrorCode.OPCODE.value)
    ended = await bench.cycle()
    assert (ended.done, ended.failed, ended.error) == (1, 0, 0)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def silence_is_a_timeout(dut):
    bench = await bench_of(dut)
    dut.index.value = 9
    for timeout in (2, 3, 10, 100):
        # Activity in time keeps the job alive, however long it is.
        await bench.begin(timeout=timeout)
        await bench.cycle(activity=1)
        for _ in range(3 * timeout + 10):
            for _ in range(bench.rng.randrange(timeout)):
                assert (await bench.cycle()).busy
            assert (await bench.cycle(activity=1)).busy
        assert not any(seen.finished for seen in bench.history)
        quiet = len(bench.history)
        bench.check_failed(await bench.settle(), ErrorCode.TIMEOUT, 9)
        silent = [seen.finished for seen in bench.history[quiet:]]
        assert silent == [0] * (timeout + 1) + [1, 0], "told right after `timeout` silent cycles"
    await bench.begin(timeout=0)
    for _ in range(2000):
        assert (await bench.cycle()).busy
    await bench.cycle(abort=1)
    await bench.settle()


@cocotb.test(timeout_time=50, timeout_unit="us")
async def abort_is_neither_done_nor_failed(dut):
    bench = await bench_of(dut)
    assert not (await bench.cycle(abort=1)).finished
    assert not (await bench.cycle()).flush, "nothing to abort"
    for wait in (0, 1, 9):
        for pulses in ({}, {"faults": sum(BITS.values())}, {"run_done": 1}):
            await bench.begin()
            for _ in range(wait):
                await bench.cycle()
            await bench.cycle(abort=1, **pulses)
            ended = await bench.settle()
            assert (ended.done, ended.failed, ended.error) == (0, 0, 0)
            bench.check_stopped()
        assert await bench.whole_job()


@cocotb.test(timeout_time=50, timeout_unit="us")
async def a_start_waits_until_the_bus_owes_nothing(dut):
    bench = await bench_of(dut)
    dut.index.value = 3
    for wait in (1, 5, 40):
        dut.drained.value = 0
        dut.runs.value, dut.timeout.value = 1, 0
        bench.history = []
        await bench.cycle(start=1)
        for _ in range(wait):  # what the last job's transfers still bring is not this job's fault
            seen = await bench.cycle(faults=sum(BITS.values()), fetch_error=ErrorCode.OPCODE.value)
            assert seen.busy and not seen.fetch and not seen.flush
        seen = await bench.cycle(drained=1)
        assert not seen.flush and not seen.fetch
        seen = await bench.cycle(faults=sum(BITS.values()))
        assert seen.flush and not seen.fetch
        seen = await bench.cycle(run_done=1)
        assert seen.fetch and not seen.flush
        ended = await bench.settle()
        assert (ended.done, ended.failed) == (1, 0)

        dut.drained.value = 0
        dut.timeout.value = 20
        bench.history = []
        await bench.cycle(start=1)
        bench.check_failed(await bench.settle(), ErrorCode.TIMEOUT, 3)
        assert not any(seen.fetch for seen in bench.history)

        dut.timeout.value = wait
        bench.history = []
        await bench.cycle(start=1)
        for _ in range(wait):
            await bench.cycle()
        await bench.cycle(abort=1)  # in the cycle of the timeout, which it wins over
        ended = await bench.settle()
        assert (ended.done, ended.failed, ended.error) == (0, 0, 0)
        bench.check_stopped()
        dut.drained.value = 1


@cocotb.test(timeout_time=50, timeout_unit="us")
async def reset_is_idle(dut):
    bench = await bench_of(dut)
    for wait in range(6):
        await bench.begin()
        for _ in range(wait):
            await bench.cycle(run_done=wait % 2)
        dut.rst.value = 1
        await bench.cycle()
        dut.rst.value = 0
        seen = await bench.cycle()
        assert not any((seen.busy, seen.done, seen.failed, seen.fetch, seen.flush, seen.runs_done))
        assert await bench.whole_job()
