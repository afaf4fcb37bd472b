"""The pieces of one time step; the whole arithmetic is compared in test_neuron.py."""

import random

from amaranth import Const, Module, Signal, signed
from amaranth.sim import Simulator

from pyralis.gen.intnetwork import IntNeuron
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.slot import SETTINGS
from pyralis.hw.snn.timestep import MODE, STAGES, Lane, decode, delayed, entering, time_step

CONFIG = SnnConfig(potential_bits=16, current_bits=16)


def run(m: Module, testbench) -> None:
    simulator = Simulator(m)
    simulator.add_clock(1e-9)
    simulator.add_testbench(testbench)
    simulator.run()


def modes(neurons: list[IntNeuron]) -> list:
    """What the decoder makes of each neuron."""
    from slots import settings_bits  # beside this file, and on the path while a test runs

    m, settings, found = Module(), Signal(SETTINGS), []
    mode = decode(m, settings, CONFIG)

    async def testbench(ctx):
        for neuron in neurons:
            ctx.set(settings, SETTINGS.from_bits(settings_bits(neuron)))
            await ctx.tick()
            found.append(ctx.get(mode))

    run(m, testbench)
    return found


def test_a_shift_becomes_a_factor_that_is_rounded_up():
    shifts = range(1, 16)
    for k, mode in zip(shifts, modes([IntNeuron(leak="shift", leak_value=k) for k in shifts]), strict=True):
        for x in (*range(-70, 70), -(1 << 25), (1 << 25) - 1, 32767, 32768, -32769):
            product = x * mode.factor
            assert (product >> 15) + (product & 0x7FFF != 0) == x - (x >> k), (k, x)


def test_a_multiplier_keeps_its_value_and_never_exceeds_one():
    values = [0, 1, 3000, 4095, 4096, 5000, 65535]
    factors = [mode.factor for mode in modes([IntNeuron(leak="multiply", leak_value=v) for v in values])]
    assert factors == [min(v, 4096) << 3 for v in values]
    assert modes([IntNeuron(leak_value=77)])[0].factor == 1 << 15


def test_a_step_that_does_not_exist_leaves_the_potential_as_it_is():
    from slots import all_neurons

    rng = random.Random(3)
    m, mode, potential = Module(), Signal(MODE), Signal(signed(16))
    lane = Lane(potential=potential, threshold=Const(9, 16), spiked=Const(1), saturated=Const(0))
    currents = entering(m, mode, "x", Const(-12345, signed(18)), Const(0))
    out = time_step(m, CONFIG, mode, "x", lane, currents, [Const(0)] * STAGES, Const(0))
    seen = []

    async def testbench(ctx):
        for value in modes(all_neurons(CONFIG, rng)):
            ctx.set(mode, value)
            ctx.set(potential, rng.randrange(-1 << 15, 1 << 15))
            expected = ctx.get(potential)
            await ctx.tick().repeat(STAGES)
            seen.append((ctx.get(out.potential) == expected, ctx.get(out.spiked), ctx.get(out.saturated)))

    run(m, testbench)
    assert set(seen) == {(True, 0, 0)}
    assert len(seen) == 3 * 2 * 3 * 3 * 2


def test_delayed_takes_the_cycles_that_it_is_told():
    m, value = Module(), Signal(8)
    late = delayed(m, value, "value", 3)
    seen = []

    async def testbench(ctx):
        for n in range(1, 8):
            ctx.set(value, n)
            await ctx.tick()
            seen.append(ctx.get(late))

    run(m, testbench)
    assert seen == [0, 0, 1, 2, 3, 4, 5]
    assert delayed(m, value, "none", 0) is value
