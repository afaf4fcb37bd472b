"""``export``: a torch module and calibration inputs to an integer network file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.files import make_folder, read_array
from pyralis.gen.model import ModelSource

if TYPE_CHECKING:
    from pyralis.gen.quantization import QuantizationReport

__all__ = ["export"]


def export(
    source: ModelSource,
    calibration: str | Path | np.ndarray,
    path: str | Path,
    *,
    granularity: str = "channel",
    potential_bits: int = 24,
    leak_bits: int = 12,
) -> "QuantizationReport":
    """Quantises the module of *source* and writes the integer network to *path*, whole or not at all.

    Raises UserError for a module without an exact twin, calibration inputs that do not fit, widths that no
    core has, and a path that cannot be written.
    """
    from pyralis.gen.quantize import quantize

    for name, value, low, high in (
        ("potential_bits", potential_bits, 16, 32),
        ("leak_bits", leak_bits, 1, 15),
    ):
        if not low <= value <= high:
            raise UserError(
                f"{name} must be in {low}..{high}, not {value}.", "export", "the value of your core"
            )
    make_folder(Path(path).parent)
    samples = (
        calibration if isinstance(calibration, np.ndarray) else read_array(calibration, "calibration images")
    )
    network = source.network()
    integers, report = quantize(
        network,
        samples,
        granularity=granularity,  # type: ignore[arg-type] # quantize refuses other words
        input_scale=source.input_scale,
        leak_bits=leak_bits,
        potential_bits=potential_bits,
    )
    integers.save(path)
    return report
