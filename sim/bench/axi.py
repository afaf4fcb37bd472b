"""cocotb kit for AXI4 and AXI4-Lite ports: RAM and bus master from cocotbext-axi, and protocol monitors.

A port is named by the text before ``_arvalid``: ``m_axi_weights``, ``s_axi_ctrl``, or ``bus_`` for the two
underscores of a component that is tested alone. cocotbext-axi 0.1.28 makes deprecated calls under cocotb 2.1;
they are silenced here, not turned into errors.
"""

import logging
import random
import warnings
from collections import deque

import cocotb
from cocotb.triggers import RisingEdge

from pyralis.sim.bench.stream import stalls

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from cocotbext.axi import (
        AxiLiteBus,
        AxiLiteMaster,
        AxiRamRead,
        AxiRamWrite,
        AxiReadBus,
        AxiWriteBus,
    )

__all__ = ["AxiMonitor", "AxiRam", "axi_lite_master", "monitor_axi", "monitor_axi_lite"]

warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"cocotbext\..*")

ADDRESS = ("addr", "len", "size", "burst", "prot", "cache", "id")
MEMBERS = {"ar": ADDRESS, "aw": ADDRESS, "r": ("data", "resp", "last", "id"), "w": ("data", "strb", "last")}
MEMBERS["b"] = ("resp", "id")


class _Refusing:
    """Mixin of the RAMs: ``refused`` bytes answer SLVERR (cocotbext-axi does so when its target raises)."""

    refused: range = range(0)

    def _refuse(self, address: int, length: int) -> None:
        if address < self.refused.stop and address + length > self.refused.start:
            raise PermissionError(f"{address:#x} is refused")


class _RamRead(_Refusing, AxiRamRead):
    async def _read(self, address, length):
        self._refuse(address, length)
        return await super()._read(address, length)


class _RamWrite(_Refusing, AxiRamWrite):
    async def _write(self, address, data):
        self._refuse(address, len(data))
        await super()._write(address, data)


class AxiRam:
    """A RAM on AXI port *prefix* of *dut*, with whichever of the read and write channels the port has.

    Parameters
    ----------
    size : int
        Bytes; addresses wrap at it.
    rng, stall : random.Random, float
        Every channel pauses in that share of cycles.
    share : AxiRam, optional
        Use the contents of this one.

    Attributes
    ----------
    memory : the contents; ``memory[a:b]`` reads and writes bytes.
    """

    def __init__(
        self,
        dut,
        prefix: str,
        size: int = 1 << 16,
        *,
        rng: random.Random | None = None,
        stall: float = 0.0,
        share: "AxiRam | None" = None,
    ) -> None:
        logging.getLogger(f"cocotb.{dut._name}.{prefix}").setLevel(logging.ERROR)
        self.memory: bytearray = share.memory if share else bytearray(size)
        names = {handle._name for handle in dut}
        self._channels, self._answers, self._sides = [], [], []
        if f"{prefix}_arvalid" in names:
            read = _RamRead(AxiReadBus.from_prefix(dut, prefix), dut.clk, dut.rst, mem=self.memory)
            self._sides.append(read)
            self._channels += [read.ar_channel, read.r_channel]
            self._answers.append(read.r_channel)
        if f"{prefix}_awvalid" in names:
            write = _RamWrite(AxiWriteBus.from_prefix(dut, prefix), dut.clk, dut.rst, mem=self.memory)
            self._sides.append(write)
            self._channels += [write.aw_channel, write.w_channel, write.b_channel]
            self._answers.append(write.b_channel)
        if stall:
            self.stall(rng or random.Random(cocotb.RANDOM_SEED), stall)

    def stall(self, rng: random.Random, probability: float) -> None:
        for channel in self._channels:
            channel.set_pause_generator(stalls(rng, probability))

    def pause(self, paused: bool, *, answers: bool = False) -> None:
        """Stops every channel, as a memory that hangs, or only *answers*, as a slow one; or starts them."""
        for channel in self._answers if answers else self._channels:
            channel.clear_pause_generator()
            channel.pause = paused

    def refuse(self, addresses: range) -> None:
        """Accesses that touch *addresses* are answered with SLVERR and not carried out."""
        for side in self._sides:
            side.refused = addresses


def axi_lite_master(
    dut, prefix: str, *, rng: random.Random | None = None, stall: float = 0.0
) -> AxiLiteMaster:
    """cocotbext-axi's AXI4-Lite master on port *prefix*.

    ``await master.read(address, 4)`` and ``await master.write(address, data)`` return objects with ``resp``.
    """
    logging.getLogger(f"cocotb.{dut._name}.{prefix}").setLevel(logging.ERROR)
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, prefix), dut.clk, dut.rst)
    if stall:
        rng = rng or random.Random(cocotb.RANDOM_SEED)
        write, read = master.write_if, master.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
            channel.set_pause_generator(stalls(rng, stall))
    return master


class _Channel:
    """One channel: holds its valid and payload to the rule and hands out transfers."""

    def __init__(self, dut, prefix: str, name: str) -> None:
        self.label = f"{prefix}_{name}"
        handles = {handle._name: handle for handle in dut}
        self.valid, self.ready = handles[f"{self.label}valid"], handles[f"{self.label}ready"]
        members = {member: f"{self.label}{member}" for member in MEMBERS[name]}
        self.members = {member: handles[path] for member, path in members.items() if path in handles}
        self.transfers, self.waits = 0, 0
        self.times: list[int] = []
        self._waiting: dict[str, int] | None = None

    def reset(self) -> None:
        self._waiting = None

    def sample(self, cycle: int) -> dict[str, int] | None:
        """To be called once an edge; the payload if it was transferred."""
        if not int(self.valid.value):
            assert self._waiting is None, f"{self.label}valid fell before the transfer (cycle {cycle})"
            return None
        payload = {member: int(handle.value) for member, handle in self.members.items()}
        for member, value in (self._waiting or {}).items():
            assert payload[member] == value, (
                f"{self.label}{member} changed from {value:#x} to {payload[member]:#x} before the transfer "
                f"(cycle {cycle})"
            )
        if not int(self.ready.value):
            self._waiting = payload
            self.waits += 1
            return None
        self._waiting = None
        self.transfers += 1
        self.times.append(cycle)
        return payload


class AxiMonitor:
    """Watches the channels of one AXI4 or AXI4-Lite port and fails the test when a rule is broken.

    Rules: valid and payload hold until the transfer; bursts are INCR of whole bus words, do not cross 4 KB
    and have ID 0; RLAST and WLAST stand at the ends that the lengths say; nothing is answered that was not
    asked for, and no write is answered before its last word.

    Attributes
    ----------
    reads, writes : list of (int, int)
        (address, beats) of every burst, in order of acceptance.
    channels : dict of str to channel
        By name (``ar r aw w b``), each with ``transfers``, ``waits`` (cycles of valid without ready),
        ``times``.
    outstanding_reads, outstanding_writes : int
        Bursts asked for and not completely answered; ``most_reads``, ``most_writes`` the largest so far.
    strobes : set of int
        Different WSTRB seen.
    task : cocotb.task.Task
        Fails with an AssertionError that names signal, rule and cycle.
    """

    def __init__(self, dut, prefix: str, *, lite: bool = False) -> None:
        self.prefix, self.lite = prefix, lite
        names = {handle._name for handle in dut}
        self.channels = {
            name: _Channel(dut, prefix, name) for name in MEMBERS if f"{prefix}_{name}valid" in names
        }
        assert self.channels, f"{dut._name} has no AXI port {prefix}"
        self._clk, self._rst = dut.clk, dut.rst
        self.reads: list[tuple[int, int]] = []
        self.writes: list[tuple[int, int]] = []
        self.strobes: set[int] = set()
        self.cycle = self.most_reads = self.most_writes = 0
        self._forget()
        data = self.channels.get("r") or self.channels["w"]
        self.beat_bytes = len(data.members["data"]) // 8
        self.task = cocotb.start_soon(self._run())

    @property
    def outstanding_reads(self) -> int:
        return len(self._read_left)

    @property
    def outstanding_writes(self) -> int:
        return self._write_answers

    def _forget(self) -> None:
        self._read_left: deque[int] = deque()  # beats to come of each read burst
        self._write_left: deque[int] = deque()  # words to come of each accepted write burst
        self._words: deque[bool] = deque()  # WLAST of words that came before their address
        self._write_answers = 0  # bursts accepted and not answered
        self._answerable = 0  # of those, with all words transferred

    async def _run(self) -> None:
        edge = RisingEdge(self._clk)
        while True:
            await edge
            self.cycle += 1
            if int(self._rst.value):
                self._forget()
                for channel in self.channels.values():
                    channel.reset()
                continue
            moved = {name: channel.sample(self.cycle) for name, channel in self.channels.items()}
            self._check_read(moved.get("ar"), moved.get("r"))
            self._check_write(moved.get("aw"), moved.get("w"), moved.get("b"))

    def _burst(self, name: str, payload: dict[str, int]) -> int:
        """Checks an address and returns its beats."""
        label = f"{self.prefix}_{name}"
        if self.lite:
            return 1
        address, beats = payload["addr"], payload["len"] + 1
        size = self.beat_bytes.bit_length() - 1
        assert payload["size"] == size, f"{label}size is {payload['size']}, not the bus width {size}"
        assert payload["burst"] == 1, f"{label}burst is {payload['burst']}, not INCR"
        assert payload.get("id", 0) == 0, f"{label}id is {payload['id']}, not 0"
        assert address % self.beat_bytes == 0, (
            f"{label}addr {address:#x} is not aligned to {self.beat_bytes} bytes"
        )
        assert address % 4096 + beats * self.beat_bytes <= 4096, (
            f"{label}: {beats} beats at {address:#x} cross 4 KB"
        )
        return beats

    def _check_read(self, ar, r) -> None:
        if r is not None:
            assert self._read_left, f"{self.prefix}_r: data that nobody asked for (cycle {self.cycle})"
            self._read_left[0] -= 1
            last = self._read_left[0] == 0
            assert self.lite or bool(r["last"]) == last, (
                f"{self.prefix}_rlast is {r['last']} (cycle {self.cycle})"
            )
            if last:
                self._read_left.popleft()
        if ar is not None:
            beats = self._burst("ar", ar)
            self.reads.append((ar["addr"], beats))
            self._read_left.append(beats)
            self.most_reads = max(self.most_reads, len(self._read_left))

    def _check_write(self, aw, w, b) -> None:
        if b is not None:
            assert self._answerable, f"{self.prefix}_b: an answer before the last word (cycle {self.cycle})"
            self._answerable -= 1
            self._write_answers -= 1
        if aw is not None:
            beats = self._burst("aw", aw)
            self.writes.append((aw["addr"], beats))
            self._write_left.append(beats)
            self._write_answers += 1
            self.most_writes = max(self.most_writes, self._write_answers)
        if w is not None:
            self.strobes.add(w["strb"])
            self._words.append(self.lite or bool(w["last"]))
        while self._words and self._write_left:
            self._write_left[0] -= 1
            last = self._write_left[0] == 0
            assert self._words.popleft() == last, (
                f"{self.prefix}_wlast is not {int(last)} (cycle {self.cycle})"
            )
            if last:
                self._write_left.popleft()
                self._answerable += 1


def monitor_axi(dut, prefix: str) -> AxiMonitor:
    """Attaches an :class:`AxiMonitor` to the AXI4 port *prefix*, whichever channels it has."""
    return AxiMonitor(dut, prefix)


def monitor_axi_lite(dut, prefix: str) -> AxiMonitor:
    """Attaches an :class:`AxiMonitor` to the AXI4-Lite port *prefix*."""
    return AxiMonitor(dut, prefix, lite=True)
