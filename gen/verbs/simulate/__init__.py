"""``pyralis simulate CORE``."""

from pyralis.gen.model import core_of

__all__ = ["core_of"]

HELP = "run a network through the RTL and compare with the golden model"
DESCRIPTION = (
    "Runs a network through the Verilog of the core under Verilator and compares with the golden model. Exit "
    "code 1 if anything differs."
)
DEFAULT = "snn"
