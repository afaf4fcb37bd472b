"""RTL of pyralis.hw.gcn.rowwriter against integers."""

import random

import pytest

from pyralis.hw.gcn.config import GcnConfig
from pyralis.hw.gcn.rowwriter import RowWriter
from tests.support.pysim import send, simulate, take

CONFIGS = {
    "tiny": GcnConfig(),
    "wide": GcnConfig(columns=8, lanes=16, hubs=64),
    "one": GcnConfig(columns=1, lanes=4, hubs=0),
}


def random_phase(rng, config, column):
    """Settings, rows, and what is written of each: address, data, splits, address of the copy or None."""
    hub_bits = rng.randrange(max(1, config.hubs).bit_length())
    slices = rng.randint(1, min(6, max(1, config.hubs) >> hub_bits))
    room = max(0, config.hubs - (slices << hub_bits))
    settings = {
        "splits": rng.randrange(config.splits.bit_length()),
        "hubs": int(bool(config.hubs) and rng.random() < 0.8),
        "hub_base": rng.randint(0, room),
        "hub_bits": hub_bits,
        "base": config.columns * rng.randrange(32),
        "stride": config.columns * rng.randrange(64),
    }
    rows, expected = [], []
    for _ in range(30):
        row, s = rng.choice((rng.randrange(1 << hub_bits), rng.randrange(100))), rng.randrange(slices)
        values = [
            rng.choice((rng.randint(-128, 255), rng.randint(-(1 << 31), (1 << 31) - 1)))
            for _ in range(config.lanes)
        ]
        rows.append({"tag": row, "slice": s, "values": values})
        v = row * config.columns + column
        hub = settings["hubs"] and v < 1 << hub_bits
        expected.append((
            settings["base"] + s * settings["stride"] + v,
            bytes(value & 255 for value in values),
            settings["splits"],
            settings["hub_base"] + s * (1 << hub_bits) + v if hub else None,
        ))
    return settings, rows, expected


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("stall", "slow"), [(0.0, 0.0), (0.4, 0.1), (0.1, 0.6)])
def test_writes(name, stall, slow):
    config, rng = CONFIGS[name], random.Random(3)
    hubs = 0
    for n in range(12):
        column = n % config.columns
        settings, rows, expected = random_phase(rng, config, column)
        dut = RowWriter(config, column)
        taken, got = write(dut, settings, rows, rng, stall, slow)
        found = [
            (
                item.address,
                item.data.to_bytes(config.lanes, "little"),
                item.splits,
                item.hub_address if item.hub else None,
            )
            for _, item in got
        ]
        assert found == expected
        hubs += sum(address is not None for *_, address in expected)
        if not stall and not slow:
            assert taken == list(range(taken[0], taken[0] + len(rows))), "a slice a cycle"
            assert [cycle for cycle, _ in got] == [cycle + 2 for cycle in taken]
    assert (hubs > 10) == bool(config.hubs)


def write(dut, settings, rows, rng, stall, slow):
    """Sends *rows*; returns the cycles of the transfers, and the writes with theirs."""
    taken, got = [], []

    async def watch(ctx):
        inside, cycle = 0, 0
        while True:
            _, _, *moves, busy = await ctx.tick().sample(
                dut.rows.valid, dut.rows.ready, dut.writes.valid, dut.writes.ready, dut.busy
            )
            assert busy == (inside > 0), cycle
            if all(moves[:2]):
                taken.append(cycle)
            inside += all(moves[:2]) - all(moves[2:])
            cycle += 1

    async def phase(ctx):
        ctx.set(dut.settings, settings)
        while len(got) < len(rows):
            await ctx.tick()
        await ctx.tick().repeat(3)
        assert not ctx.get(dut.busy) and not ctx.get(dut.writes.valid)

    sides = [send(dut.rows, rows, rng, stall), take(dut.writes, got, rng, slow), watch]
    simulate(dut, phase, background=sides)
    return taken, got
