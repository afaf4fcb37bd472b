"""Streams in Amaranth's own simulator: both sides of them, with stalls, and memories that answer later."""

import random
from collections import deque
from collections.abc import Callable, Iterable

from amaranth.lib import wiring
from amaranth.sim import Simulator

__all__ = ["answer", "rubbish", "send", "simulate", "take"]


def simulate(component: wiring.Component, *benches, background: Iterable = (), cycles: int = 20_000) -> None:
    """Runs *component* until all *benches* have returned; those of *background* need not return.

    Raises
    ------
    AssertionError
        They have not after *cycles* cycles.
    """

    async def limit(ctx):
        for _ in range(cycles):
            await ctx.tick()
        raise AssertionError(f"nothing more happens: {cycles} cycles are over")

    simulator = Simulator(component)
    simulator.add_clock(4e-9)
    for bench in benches:
        simulator.add_testbench(bench)
    for bench in (*background, limit):
        simulator.add_testbench(bench, background=True)
    simulator.run()


def rubbish(rng: random.Random, port) -> int:
    """Any bits for *port*."""
    value = port.as_value() if hasattr(port, "as_value") else port
    return rng.getrandbits(len(value))


def _bits(payload) -> int:
    return payload.as_bits() if hasattr(payload, "as_bits") else payload


def _raw(port):
    """*port* as bits, whatever its layout."""
    return port.as_value() if hasattr(port, "as_value") else port


def send(port, payloads: Iterable, rng: random.Random, stall: float = 0.0):
    """Bench: sends *payloads* to stream *port*; a deque is emptied again whenever something is added to it.

    Between two there is a pause with probability *stall* in each cycle, with rubbish for a payload.
    """

    async def bench(ctx):
        endless = isinstance(payloads, deque)
        queue = payloads if isinstance(payloads, deque) else deque(payloads)
        while queue or endless:
            if not queue or rng.random() < stall:
                await ctx.tick()
                continue
            ctx.set(port.payload, queue.popleft())
            ctx.set(port.valid, 1)
            taken = False
            while not taken:
                _, _, taken = await ctx.tick().sample(port.ready)
            ctx.set(port.valid, 0)
            ctx.set(_raw(port.payload), rubbish(rng, port.payload))

    return bench


def take(port, got: list, rng: random.Random, stall: float = 0.0, *, count: int | None = None):
    """Bench: takes *count* payloads (None: without end) from stream *port*, as ``(cycle, payload)``.

    Raises
    ------
    AssertionError
        Something that was offered is taken back or changed before it is taken.
    """

    async def bench(ctx):
        cycle, waiting = 0, None
        while count is None or len(got) < count:
            ctx.set(port.ready, rng.random() >= stall)
            _, _, valid, ready, payload = await ctx.tick().sample(port.valid, port.ready, port.payload)
            assert waiting is None or (valid and _bits(payload) == waiting), "an offer does not last"
            if valid and ready:
                got.append((cycle, payload))
            waiting = _bits(payload) if valid and not ready else None
            cycle += 1
        ctx.set(port.ready, 0)

    return bench


def answer(requests, word, latency: int, read: Callable[[int], int], rng: random.Random, stall: float = 0.0):
    """Bench without end: a memory that answers stream *requests* at *word*, *latency* cycles later.

    *word* has a valid bit and data; these are rubbish while it is low. With probability *stall* a request is
    not taken in a cycle.
    """

    async def bench(ctx):
        late: deque = deque([None] * (latency - 1))
        while True:
            ctx.set(requests.ready, rng.random() >= stall)
            _, _, valid, ready, address = await ctx.tick().sample(
                requests.valid, requests.ready, requests.payload
            )
            late.append(address if valid and ready else None)
            now = late.popleft()
            ctx.set(word.valid, now is not None)
            ctx.set(word.data, rubbish(rng, word.data) if now is None else read(now))

    return bench
