"""``pyralis bitstream CORE``."""

HELP = "build a core for a board"
DESCRIPTION = (
    "From a core to what a board loads. With open tools (boards with a Lattice ECP5) the result is a "
    "bitstream that meets its clock, or exit code 2 and the path that misses it; for boards of AMD it is a "
    "complete Vivado project, built where Vivado is on PATH."
)
DEFAULT = "snn"
