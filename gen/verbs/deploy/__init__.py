"""``pyralis deploy CORE``."""

HELP = "write the folder to carry to a board"
DESCRIPTION = (
    "Writes what a board needs for a core: the bitstream (when it is built), the driver, the register map, "
    "the network, a validate.py that compares results on the board with stored ones, and a throughput.py."
)
DEFAULT = "snn"
