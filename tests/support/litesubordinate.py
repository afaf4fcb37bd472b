"""An AXI4-Lite subordinate in cocotb that can refuse, dawdle, and hang in every way."""

import random

import cocotb
from cocotb.triggers import RisingEdge

OKAY, SLVERR, DECERR = 0, 2, 3


class LiteSubordinate:
    """A memory of words on AXI4-Lite port *prefix* of *dut*, one access a direction at a time.

    Attributes
    ----------
    memory : dict of int to int
        Words by address; others are 0.
    refused : dict of int to int
        Response by address, for those that are refused.
    reads, writes : list of int
        Addresses in order, with whatever their two low bits are.
    deaf, mute : set of str
        Directions ("read", "write") in which no address is accepted, no answer given.
    stall : float
        Share of cycles in which a channel waits.
    """

    def __init__(self, dut, prefix: str, rng: random.Random, stall: float = 0.0) -> None:
        self.memory: dict[int, int] = {}
        self.refused: dict[int, int] = {}
        self.reads: list[int] = []
        self.writes: list[int] = []
        self.deaf: set[str] = set()
        self.mute: set[str] = set()
        self.stall, self._rng = stall, rng
        self._clk, self._rst = dut.clk, dut.rst
        self._pins = {
            handle._name.removeprefix(f"{prefix}_"): handle
            for handle in dut
            if handle._name.startswith(f"{prefix}_")
        }
        cocotb.start_soon(self._serve("read", ("ar",), "r"))
        cocotb.start_soon(self._serve("write", ("aw", "w"), "b"))

    def _moves(self) -> bool:
        return self._rng.random() >= self.stall

    def _access(self, direction: str, taken: dict[str, int]) -> dict[str, int]:
        """Carries an access out; returns the answer's members."""
        if direction == "read":
            address = taken["ar"]
            self.reads.append(address)
            return {"rresp": self.refused.get(address & ~3, OKAY), "rdata": self.memory.get(address & ~3, 0)}
        address, word = taken["aw"], taken["w"]
        self.writes.append(address)
        response = self.refused.get(address & ~3, OKAY)
        if response == OKAY:
            mask = sum(0xFF << 8 * n for n in range(4) if int(self._pins["wstrb"].value) >> n & 1)
            self.memory[address & ~3] = self.memory.get(address & ~3, 0) & ~mask | word & mask
        return {"bresp": response}

    async def _serve(self, direction: str, asks: tuple[str, ...], answer: str) -> None:
        pins, edge = self._pins, RisingEdge(self._clk)
        taken: dict[str, int] = {}
        shown, members = False, None
        ready = dict.fromkeys(asks, False)
        for name in asks:
            pins[f"{name}ready"].value = 0
        pins[f"{answer}valid"].value = 0
        while True:
            await edge
            if int(self._rst.value):
                taken, shown, members = {}, False, None
            for name in asks:
                if ready[name] and int(pins[f"{name}valid"].value):
                    taken[name] = int(pins[f"{name}{'data' if name == 'w' else 'addr'}"].value)
            if shown and int(pins[f"{answer}ready"].value):
                taken, shown, members = {}, False, None
            if len(taken) == len(asks) and members is None:
                members = self._access(direction, taken)
            if members is not None and not shown and direction not in self.mute and self._moves():
                shown = True
                for name, value in members.items():
                    pins[name].value = value
            pins[f"{answer}valid"].value = shown
            for name in asks:
                wanted = name not in taken and direction not in self.deaf and self._moves()
                if wanted != ready[name]:
                    pins[f"{name}ready"].value = ready[name] = wanted
