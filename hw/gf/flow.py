"""Placing combinational blocks in time: a register wherever the path would grow too long."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from amaranth import Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["ENABLE", "Flow", "Timed"]

ENABLE = 2
"""Gate levels by which a register keeps its value."""


@dataclass(frozen=True, eq=False)
class Timed:
    """A value that is there *stage* registers after the inputs, *depth* gate levels behind the last one."""

    value: Value
    stage: int = 0
    depth: int = 0


@dataclass
class Flow:
    """Connects blocks in a module and keeps their values in step.

    Parameters
    ----------
    m : Module
        Gets the blocks as submodules.
    levels : int or None
        Most gate levels between two registers, their enables included; None puts no registers anywhere.
    enable : Value
        All registers move while it is 1. They hold data only and have no reset.
    """

    m: Module
    levels: int | None = None
    enable: Value = field(default_factory=lambda: Const(1))
    _delayed: dict[tuple[int, int], Value] = field(default_factory=dict)
    _kept: list[Timed] = field(default_factory=list)

    def place(self, name: str, block: wiring.Component, **inputs: Timed) -> dict[str, Timed]:
        """Adds *block* as submodule *name*, as early as its inputs allow; returns its outputs.

        A block has ``levels``; one with registers of its own has ``stages`` and an ``enable``.

        Raises
        ------
        ValueError
            The block alone has more levels than there may be between registers.
        """
        stages = getattr(block, "stages", 0)
        if not self.fits(block.levels):
            raise ValueError(
                f"levels = {self.levels} is too few: the block {name!r} has {block.levels} and the enable of "
                f"a register {ENABLE}; the nearest choice is levels = {block.levels + ENABLE}."
            )
        stage, depth = self._start(inputs.values(), block.levels)
        self.m.submodules[name] = block
        if stages:
            self.m.d.comb += block.enable.eq(self.enable)
            depth = 0
        for port, source in inputs.items():
            late = stages if port.startswith("flip_") else 0  # errors enter behind a block's own registers
            self.m.d.comb += getattr(block, port).eq(self.at(source, stage + late))
        return {
            port: Timed(_value(getattr(block, port)), stage + stages, depth + block.levels)
            for port, member in block.signature.members.items()
            if member.flow != In
        }

    def fits(self, levels: int) -> bool:
        """Whether something of so many levels has room between two registers."""
        return self.levels is None or levels + ENABLE <= self.levels

    def join(self, function: Callable[..., Value], *sources: Timed, levels: int) -> Timed:
        """*function* of some values, a few gates of its own that take so many *levels*."""
        stage, depth = self._start(sources, levels)
        return Timed(function(*(self.at(source, stage) for source in sources)), stage, depth + levels)

    def _start(self, sources: Iterable[Timed], levels: int) -> tuple[int, int]:
        """Stage and depth at which something of so many *levels* begins."""
        sources = list(sources)
        stage = max(source.stage for source in sources)
        depth = max(source.depth for source in sources if source.stage == stage)
        if not self.fits(depth + levels):
            return stage + 1, 0
        return stage, depth

    def at(self, source: Timed, stage: int) -> Value:
        """The value of *source*, delayed by registers until *stage*."""
        if stage < source.stage:
            raise ValueError(f"the value comes at stage {source.stage}, after stage {stage}")
        if stage == source.stage:
            return source.value
        key = id(source), stage
        if key not in self._delayed:
            before = self.at(source, stage - 1)
            register = Signal(len(before), name=f"stage{stage}_{len(self._delayed)}", reset_less=True)
            with self.m.If(self.enable):
                self.m.d.sync += register.eq(before)
            self._delayed[key] = register
            self._kept.append(source)  # its id stays taken
        return self._delayed[key]


def _value(port) -> Value:
    return Value.cast(port)
