"""``pyralis check CORE``."""

from pyralis.gen.model import core_of

__all__ = ["core_of"]

HELP = "say which layers of a model can be built, and whether it fits"
DESCRIPTION = (
    "Lists the layers of a model with a verdict for each, and the memories it needs on a core. Exit code 1 "
    "if something is refused or does not fit."
)
DEFAULT = "snn"
