"""A board with a serial port, in simulation, at the end of a TCP socket.

pyserial opens it as ``socket://127.0.0.1:PORT``, so that what talks to a real board talks to the RTL
unchanged: every bit goes over the simulated line.
"""

import socket
from pathlib import Path

from amaranth.lib import wiring

from pyralis.boards.base import Ecp5Board
from pyralis.boards.runtime.closing import Closing
from pyralis.boards.shell.serial_shell import SerialShell
from pyralis.gen.boards.design import Design
from pyralis.gen.emit.ports import read_core
from pyralis.gen.emit.verilog import emit
from pyralis.sim.bench.build import MODELS, build
from pyralis.sim.bench.core import CoreBench
from pyralis.sim.board.process import Simulation

__all__ = ["SimulatedSerialBoard", "build_board", "build_serial"]

TOP, BENCH = "serial_board", "serial_bench"


def build_serial(component: wiring.Component, divisor: int, *, root: Path = Path("build/sim")) -> CoreBench:
    """The simulator of *component*, whose ports ``rx`` and ``tx`` take *divisor* cycles a bit.

    Raises UserError if a program is missing, ToolError if the build fails.
    """
    text = emit(component, TOP)
    sources = {f"{TOP}.v": text, f"{BENCH}.sv": _bench_text(text, divisor)}
    extra = [MODELS / "uart_host.sv", *([MODELS / "DSP48E2.v"] if "DSP48E2" in text else [])]
    runner, folder = build(sources, BENCH, extra=extra, root=root)
    return CoreBench(top=BENCH, runner=runner, folder=folder, memory_bytes=0)


def build_board(
    board: Ecp5Board, design: Design, *, divisor: int = 4, root: Path = Path("build/sim")
) -> CoreBench:
    """The simulator of *design* on *board*, clocked so slowly that a bit takes *divisor* cycles.

    Raises UserError if a program is missing, ToolError if the build fails.
    """
    shell = SerialShell(
        board, design.component(), design.memory, divisor * board.baud, board.memory_for(design.core)
    )
    return build_serial(shell, divisor, root=root)


class SimulatedSerialBoard(Closing):
    """A running board; while a host is connected its time passes as fast as the simulator works.

    Without traffic it slows down after a while, and stands still when nobody is connected.

    Parameters
    ----------
    bench : CoreBench
        Of :func:`build_board` or :func:`build_serial`.
    seed : int
        Of the bit errors.
    limit : float
        Seconds of wall time after which a simulator that does not answer is given up.

    Attributes
    ----------
    url : str
        For pyserial. One host at a time; the next one may come when it has gone.

    Raises
    ------
    TransportError
        The simulator did not come up.
    """

    def __init__(self, bench: CoreBench, *, seed: int = 1, limit: float = 60.0) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
            self._simulation = Simulation(
                bench,
                "pyralis.sim.board.cocotb_serial",
                limit=limit,
                plusargs=[f"+error_seed={seed}"],
                extra_env={"PYRALIS_LISTENER": str(listener.fileno())},
                pass_fds=[listener.fileno()],
            )

    def disturb(self, to_board: float, from_board: float) -> None:
        """From now on inverts each bit on the line with these probabilities."""
        self._simulation.ask(do="disturb", to_board=round(1e6 * to_board), from_board=round(1e6 * from_board))

    def counts(self) -> dict[str, int]:
        """``cycles``; ``bytes_to`` and ``bytes_from`` the board; bits ``flipped_to`` and ``flipped_from``."""
        return self._simulation.ask(do="count")

    def close(self) -> None:
        """Ends the simulator; a second call does nothing."""
        self._simulation.close()


def _bench_text(text: str, divisor: int) -> str:
    """SystemVerilog of the board with a host at its serial port."""
    joined = {"clk": "clk", "rst": "rst", "rx": "to_board", "tx": "from_board"}
    ports = read_core(text, TOP).ports
    if strangers := [name for name, port in ports.items() if port.is_input and name not in joined]:
        raise ValueError(f"nothing drives the inputs {strangers} of the board")
    pins = ", ".join(f".{name}({joined.get(name, '')})" for name in ports)
    return _TEMPLATE.format(bench=BENCH, top=TOP, pins=pins, divisor=divisor)


_TEMPLATE = """\
module {bench} (
  input logic clk, input logic rst,
  input logic give, input logic [7:0] give_count, input logic [511:0] give_bytes, output logic [15:0] unsent,
  input logic take, input logic [7:0] take_count, output logic [15:0] unread, output logic [511:0] oldest,
  input logic [31:0] errors_to, input logic [31:0] errors_from,
  output logic [31:0] flipped_to, output logic [31:0] flipped_from
);
  localparam int DIVISOR = {divisor};
  logic to_board, from_board;
  {top} board ({pins});
  uart_host #(.DIVISOR(DIVISOR), .WINDOW(64)) host (.*);
endmodule
"""
