"""pyralis.hw.common.control with codes and faults of its own; tests/hw/snn/test_control.py has all scenes."""

from amaranth.lib import enum
from amaranth.sim import Simulator

from pyralis.hw.common.control import JobControl


class Code(enum.Enum, shape=4):
    NONE = 0
    LATE = 5
    EARLY = 6
    TIMEOUT = 7


def simulate(bench) -> None:
    control = JobControl(32, Code, {"early": Code.EARLY, "late": Code.LATE})
    simulator = Simulator(control)
    simulator.add_clock(1e-6)

    async def testbench(context):
        await bench(context, control)

    simulator.add_testbench(testbench)
    simulator.run()


async def begin(context, control, runs: int) -> None:
    context.set(control.drained, 1)
    context.set(control.runs, runs)
    context.set(control.start, 1)
    await context.tick()
    context.set(control.start, 0)
    await context.tick().repeat(2)
    assert context.get(control.busy)


def test_the_first_fault_of_the_dictionary_counts():
    async def bench(context, control):
        for early, late, code in ((1, 1, Code.EARLY), (0, 1, Code.LATE), (1, 0, Code.EARLY)):
            await begin(context, control, 1)
            context.set(control.index, 12)
            context.set(control.faults, {"early": early, "late": late})
            await context.tick()
            context.set(control.faults, {"early": 0, "late": 0})
            await context.tick().repeat(2)
            assert not context.get(control.busy) and context.get(control.failed)
            assert context.get(control.error) is code and context.get(control.error_index) == 12

    simulate(bench)


def test_silence_has_the_code_of_that_name():
    async def bench(context, control):
        context.set(control.timeout, 3)
        await begin(context, control, 1)
        await context.tick().repeat(8)
        assert context.get(control.failed) and context.get(control.error) is Code.TIMEOUT

    simulate(bench)


def test_what_is_resident_is_loaded_by_the_first_run():
    async def bench(context, control):
        for resident, loads in ((1, [1, 0, 0]), (0, [1, 1, 1])):
            context.set(control.resident, resident)
            await begin(context, control, 3)
            for wanted in loads:  # nothing keeps the programs of all runs from being fetched
                assert context.get(control.fetch)
                await context.tick()
                assert context.get(control.load_weights) == wanted
            assert not context.get(control.fetch)
            context.set(control.run_done, 1)
            assert context.get(control.rewind) == resident
            await context.tick().repeat(3)
            context.set(control.run_done, 0)
            await context.tick()
            assert context.get(control.done) and context.get(control.runs_done) == 3

    simulate(bench)
