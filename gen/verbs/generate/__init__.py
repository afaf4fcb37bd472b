"""``pyralis generate CORE``."""

HELP = "write the Verilog of a core"
DESCRIPTION = (
    "Writes a folder that stands on its own: Verilog, register map, configuration, and a manifest with the "
    "hash of every file."
)
DEFAULT = "snn"
