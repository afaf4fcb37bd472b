"""``pyralis export``: a model and images to a network file, or a sentence."""

import json

import numpy as np
import pytest

from pyralis.gen.intnetwork import IntNetwork


@pytest.fixture
def calibration(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(1).uniform(-1, 1, (20, 1, 8, 8)).astype(np.float32))
    return path


DIGITS = "pyralis.gen.demo.digits:build"


def test_a_model_becomes_a_network_file(command, calibration, tmp_path):
    path = tmp_path / "out" / "net.npz"
    code, out, err = command("export", DIGITS, "--calibration", calibration, "-o", path)
    assert (code, err) == (0, "")
    assert f"Written: {path}" in out
    assert "20 calibration inputs" in out
    network = IntNetwork.load(path)
    assert network.input_scale == 1 / 120
    assert network.output == "potentials"
    assert [path.name for path in path.parent.iterdir()] == ["net.npz"]


def test_json_holds_the_report_of_every_layer(command, calibration, tmp_path):
    arguments = ["export", DIGITS, "--calibration", calibration, "-o", tmp_path / "net", "--json"]
    code, out, _ = command(*arguments, "--granularity", "tensor", "--scores", "counts", "--time-steps", "3")
    report = json.loads(out)
    assert code == 0
    assert report["granularity"] == "tensor"
    assert [layer["name"] for layer in report["layers"]] == ["conv0", "conv4", "linear9"]
    network = IntNetwork.load(tmp_path / "net.npz")
    assert (network.output, network.time_steps) == ("counts", 3)


def test_the_same_export_gives_the_same_bytes(command, tmp_path):
    (tmp_path / "m.py").write_text(
        "import torch\nfrom pyralis.gen.demo.digits import INPUT_SHAPE, TIME_STEPS, build\n"
        "def model():\n    torch.manual_seed(1)\n    return build()\n"
    )
    np.save(tmp_path / "c.npy", np.ones((2, 1, 8, 8)))
    for name in ("a.npz", "b.npz"):
        code, _, err = command(
            "export", tmp_path / "m.py", "--calibration", tmp_path / "c.npy", "-o", tmp_path / name
        )
        assert (code, err) == (0, "")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros((2, 1, 8, 9)), "calibration must be of shape (B, 1, 8, 8), not (2, 1, 8, 9)"),
        (np.full((2, 1, 8, 8), np.nan), "calibration holds NaN or infinite values"),
    ],
)
def test_calibration_that_does_not_fit(command, calibration, tmp_path, images, sentence):
    np.save(calibration, images)
    code, out, err = command("export", DIGITS, "--calibration", calibration, "-o", tmp_path / "net.npz")
    assert (code, out) == (1, "")
    assert sentence in err
    assert not (tmp_path / "net.npz").exists()


def test_missing_arguments_and_impossible_widths(command, calibration, tmp_path):
    code, _, err = command("export", DIGITS)
    assert code == 1
    assert "The following arguments are required: -o/--output, --calibration" in err
    arguments = ["export", DIGITS, "--calibration", calibration, "-o", tmp_path / "net.npz"]
    code, _, err = command(*arguments, "--potential-bits", "40")
    assert code == 1
    assert "potential_bits must be in 16..32, not 40." in err
    code, _, err = command(*arguments, "--input-shape", "1,eight")
    assert code == 1
    assert "Argument --input-shape: '1,eight' is no shape such as 1,28,28" in err


def test_an_unwritable_folder_is_said_before_the_work(command, calibration, tmp_path):
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "net.npz"
    code, _, err = command("export", DIGITS, "--calibration", calibration, "-o", target)
    assert code == 1
    assert f"The output folder {tmp_path / 'file'} cannot be written: " in err
    assert len(err.splitlines()) == 3
