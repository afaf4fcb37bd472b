"""Simulator side of :mod:`pyralis.sim.board.transport`: carries out the requests of a transport.

Between two requests the simulation stands still. While the core works Python sleeps until the interrupt.
"""

import json
import os
import socket
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotb.utils import get_sim_time

from pyralis.sim.bench.lite import (
    CLOCK_NS,
    RefusedAccessError,
    Registers,
    SilentBusError,
    start_core,
    wait_for_interrupt,
)


class Board:
    """What can be asked of the board on *dut*."""

    def __init__(self, dut, registers: Registers) -> None:
        self.dut, self.registers = dut, registers

    async def read(self, offset: int) -> int:
        return await self.registers.read(offset)

    async def write(self, offset: int, value: int) -> None:
        await self.registers.write(offset, value)

    async def wait(self, cycles: int) -> bool:
        """Lets *cycles* pass, fewer if the interrupt rises; whether it is high."""
        return await wait_for_interrupt(self.dut, cycles)

    async def command(self, number: int, base: int, count: int) -> None:
        """A command of the memory: see ``axi_memory.sv``."""
        dut = self.dut
        dut.command_base.value, dut.command_bytes.value, dut.command.value = base, count, number
        await ClockCycles(dut.clk, 2)
        dut.command.value = 0
        await ClockCycles(dut.clk, 2)


@cocotb.test()
async def serve(dut):
    """Answers requests until nobody can send any more."""
    connection = socket.socket(fileno=int(os.environ["PYRALIS_SOCKET"]))
    lines = connection.makefile("rwb")
    board = Board(dut, await start_core(dut))

    def answer(**values: Any) -> None:
        cycle = round(get_sim_time("ns")) // CLOCK_NS
        lines.write(json.dumps({**values, "cycle": cycle}).encode() + b"\n")
        lines.flush()

    try:
        answer()
        for line in lines:
            request = json.loads(line)
            try:
                answer(value=await getattr(board, request.pop("do"))(**request))
            except (RefusedAccessError, SilentBusError) as error:
                answer(refused=str(error))
    except ConnectionError:  # the parent is gone
        pass
    finally:
        for end in (lines, connection):
            try:
                end.close()
            except OSError:  # what was not sent any more
                pass
