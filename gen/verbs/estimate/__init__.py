"""``pyralis estimate CORE``."""

from pyralis.gen.model import core_of

__all__ = ["core_of"]

HELP = "estimate cycles and resources without synthesis"
DESCRIPTION = (
    "Cycles of each layer of a network and what bounds them, and what the core takes, without synthesis."
)
DEFAULT = "snn"
