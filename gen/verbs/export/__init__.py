"""``pyralis export CORE``."""

from pyralis.gen.model import core_of

__all__ = ["core_of"]

HELP = "quantise a trained model into an integer network file"
DESCRIPTION = (
    "Reads a trained model and writes one .npz of integers, with a report of what the quantisation changed."
)
DEFAULT = "snn"
