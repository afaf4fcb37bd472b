"""``pyralis generate gcn``, ``bitstream gcn`` and ``deploy gcn``: the folders, and what is refused."""

import hashlib
import json
import re
import tomllib

import numpy as np
import pytest
from densegraphs import dense, gin, near
from intgraphs import binary, gcn, sampling

from pyralis.boards.runtime.deployment import Deployment
from pyralis.gen.boards import options
from pyralis.gen.gcn import intfile
from pyralis.gen.gcn.capacity import COUNTED
from pyralis.gen.gcn.compile import compile_network
from pyralis.gen.gcn.config import SIZES, from_toml
from pyralis.gen.gcn.intnetwork import IntSample
from pyralis.sim.golden.gcn import network as golden_model

NAMES = ", ".join(SIZES)

SMALLEST = """\
cores = 1
lanes = 4
splits = 1
pe_rows = 2
gather_ports = 1
banks = 1
store_rows = 64
hubs = 0
rounds = 1
contexts = 2
weight_rows = 64
edge_lines = 64
feature_lines = 64
group_bytes = 16
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A configuration, a network of contract B and its features."""
    folder, rng = tmp_path_factory.mktemp("gcn"), np.random.default_rng(1)
    (folder / "core.toml").write_text(SMALLEST)
    intfile.save(gcn(rng), folder / "net.npz")
    np.save(folder / "features.npy", binary(rng, 20, 24))
    return folder


def graph(files) -> tuple:
    return "--network", files / "net.npz", "--features", files / "features.npy"


def test_the_folder_stands_on_its_own(command, files, tmp_path):
    path = tmp_path / "rtl"
    code, out, err = command("generate", "gcn", "--config", files / "core.toml", *graph(files), "-o", path)
    assert (code, err) == (0, "")
    assert out.endswith(f"Written to {path}; manifest.json lists it all.\n")
    assert {file.name for file in path.iterdir()} == {
        *("gcn_top.v", "config.toml", "registers.json", "registers.h", "registers.svd", "report.json"),
        *("litex_pyralis_gcn.py", "pyralis_gcn.core"),
        *("program.bin", "weights.bin", "numbering.bin", "network.npz", "manifest.json"),
    }
    text = (path / "gcn_top.v").read_text()
    assert re.search(r"^module gcn_top\(", text, re.MULTILINE)
    assert "s_axi_ctrl_awaddr" in text and "m_axi_data_araddr" in text and "irq" in text
    config = from_toml(SMALLEST)
    assert from_toml((path / "config.toml").read_text()) == config
    assert tomllib.loads((path / "config.toml").read_text())["epilogue_lanes"] == 2
    assert json.loads((path / "registers.json").read_text())["name"] == "gcn"
    manifest = json.loads((path / "manifest.json").read_text())
    assert set(manifest["files"]) == {file.name for file in path.iterdir()} - {"manifest.json"}
    for name, facts in manifest["files"].items():
        content = (path / name).read_bytes()
        assert facts == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    compiled = compile_network(
        intfile.load(files / "net.npz"), config, features=np.load(files / "features.npy")
    )
    assert (path / "program.bin").read_bytes() == compiled.program
    assert (path / "weights.bin").read_bytes() == compiled.constants
    network = manifest["network"]
    assert (network["nodes"], network["features"], network["width"]) == (20, 24, 3)
    assert [each["name"] for each in network["descriptors"] if each["kind"] in ("combine", "aggregate")] == [
        *("xw1", "h1", "xw2", "h2")
    ]
    assert network["descriptors"][-1] == {"kind": "end", "name": ""}
    report = json.loads((path / "report.json").read_text())
    assert report["per_cycle"] == {
        "additions": 8,
        "sparse_products": 8,
        "dense_products": 16,
        "finished_elements": 8,
        "bus_bytes": 8,
    }
    store = [row for row in report["memories"] if (row["depth"], row["width"]) == (64, 32)]
    assert store and report["memory_bits"] == sum(row["bits"] for row in report["memories"])


@pytest.fixture
def asked(monkeypatch):
    """What would be built: the arguments of the flow."""
    calls = []

    def build(board, design, folder, **how):
        calls.append((board, design, folder, how))
        return {"ok": True, "verdict": "Fine.", "folder": folder, "files": {}, "resources": []}

    monkeypatch.setattr(options, "build", build)
    return calls


def test_a_design_for_boards(command, files, asked, tmp_path):
    words = ("gcn", "--board", "ulx3s", "--config", files / "core.toml", *graph(files), "-o", tmp_path)
    assert command("bitstream", *words)[0] == 0
    assert command("bitstream", "gcn", "--board", "zcu104", *graph(files), "--seed", 2)[0] == 0
    assert command("bitstream", "gcn", "--board", "kv260", *graph(files))[0] == 0
    (board, design, folder, how), (other, wide, other_folder, _), (_, small, _, _) = asked
    assert small.name == "tiny"
    assert (board.name, design.core, design.name, folder) == ("ulx3s", "gcn", "core", str(tmp_path))
    assert list(design.memory) == ["program", "weights"] and how["clock_mhz"] is None
    assert design.component().signature.members["m_axi_data"].signature.data_bits == 64
    assert (other.name, wide.name, other_folder) == ("zcu104", "z8", "build/boards/zcu104/gcn")
    assert wide.facts["core"]["bus_bits"] == 128, "no wider than the processor's ports"
    assert wide.need(other) == COUNTED["z8", "xcup"] and design.need(board) is None
    assert wide.facts["core"]["columns"] == SIZES["z8"].columns


def test_a_core_that_is_too_large_is_built_if_asked_for(command, files, asked):
    words = ("gcn", "--board", "zcu104", "--preset", "z32", *graph(files))
    assert command("bitstream", *words, "--force")[0] == 0
    (_, design, _, _) = asked[0]
    assert design.name == "z32" and design.facts["core"]["columns"] == SIZES["z32"].columns


def test_a_folder_to_carry(command, files, tmp_path):
    words = (
        "gcn",
        "--board",
        "ulx3s",
        "--config",
        files / "core.toml",
        *graph(files),
        "-o",
        tmp_path / "out",
    )
    code, out, _ = command("deploy", *words, "--json")
    assert code == 0
    written = json.loads(out)
    assert (written["design"]["core"], written["network"]["numbering"]) == ("gcn", "numbering.bin")
    assert written["memory"] == {"program": "program.bin", "weights": "weights.bin"}
    samples, features = Deployment(tmp_path / "out").samples(), np.load(files / "features.npy")
    golden = golden_model.run(intfile.load(files / "net.npz"), features).scores.numpy()
    assert (samples["scores"] == golden[None]).all() and (samples["inputs"] == features[None]).all()
    assert "rows = core.run(features)" in (tmp_path / "out" / "README.txt").read_text()


@pytest.fixture
def taking_samples(tmp_path):
    """Options for a network that samples, its features, and a core with a Sampler; and both arrays."""
    rng = np.random.default_rng(3)
    network, features = (
        sampling(rng, IntSample(count=4, seed=1)),
        rng.integers(-128, 128, (60, 8), dtype=np.int8),
    )
    intfile.save(network, tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", features)
    (tmp_path / "core.toml").write_text(f"{SMALLEST}sampler = true\n")
    words = ("--network", tmp_path / "net.npz", "--features", tmp_path / "x.npy")
    return words, tmp_path / "core.toml", network, features


def test_a_folder_with_a_seed_of_samples(command, taking_samples, tmp_path):
    words, core, network, features = taking_samples
    here = ("gcn", "--board", "ulx3s", *words, "-o", tmp_path / "out")
    assert command("deploy", *here, "--config", core, "--sample-seed", 77)[0] == 0
    want = golden_model.run(network, features, sample_seed=77).scores.numpy()
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["network"]["sample_seed"] == 77
    assert (Deployment(tmp_path / "out").samples()["scores"] == want[None]).all()
    (tmp_path / "plain.toml").write_text(SMALLEST)
    drawn = ("--config", tmp_path / "plain.toml", "--sampling", "once", "--sample-seed", 77)
    assert command("deploy", *here, *drawn)[0] == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["network"]["sample_seed"] == 0
    assert (Deployment(tmp_path / "out").samples()["scores"] == want[None]).all()
    lists = intfile.load(tmp_path / "out" / "network.npz")
    assert (golden_model.run(lists, features).scores.numpy() == want).all()


def test_the_network_of_a_core_is_the_one_that_was_drawn(command, files, taking_samples, tmp_path):
    words, _, network, features = taking_samples
    out = ("--config", files / "core.toml", "-o", tmp_path / "rtl")
    assert command("generate", "gcn", *words, *out, "--sampling", "once")[0] == 0
    lists = intfile.load(tmp_path / "rtl" / "network.npz")
    assert lists.operations[0].sample is None
    want = golden_model.run(network, features).scores.numpy()
    assert (golden_model.run(lists, features).scores.numpy() == want).all()


def test_rows_are_left_out_on_boards_too(command, asked, tmp_path):
    rng = np.random.default_rng(2)
    intfile.save(gin(rng, 60, 5, 8, near(rng, 60, 4)), tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", dense(rng, 60, 5))
    (tmp_path / "core.toml").write_text("occupancy_words = 16\n")
    words = ("--network", tmp_path / "net.npz", "--features", tmp_path / "x.npy")
    for mode in ((), ("--elimination", "window", "--interval-rows", "20")):
        core = ("--board", "ulx3s", "--config", tmp_path / "core.toml")
        code, _, err = command("bitstream", "gcn", *core, *words, *mode)
        assert code == 0, err
    loads = [
        [each["name"] for each in design.facts["network"]["descriptors"] if each["kind"] == "load"]
        for _, design, _, _ in asked
    ]
    assert "occupancy" not in loads[0] and "occupancy" in loads[1]


def refused(command, *words) -> list[str]:
    code, _, err = command(*words)
    assert code == 1
    return err.splitlines()


def test_what_is_refused(command, files, tmp_path):
    lines = refused(command, "generate", "gcn", "--preset", "tinny")
    assert lines[0] == f"pyralis: There is no preset 'tinny'; there are {NAMES}."
    assert lines[2] == "  next:  did you mean 'tiny'?"
    both = refused(command, "generate", "gcn", "--preset", "tiny", "--config", files / "core.toml")
    assert both[0] == f"pyralis: --preset tiny and --config {files / 'core.toml'} cannot both be given."
    assert refused(command, "generate", "gcn", "--features", files / "features.npy")[0] == (
        "pyralis: --features are those of a network's graph, and there is no network."
    )
    assert refused(command, "generate", "gcn", "--elimination", "rows") == [
        "pyralis: --elimination says how a network is compiled, and there is none.",
        "  where: arguments",
        "  next:  add --network NET.npz, or leave --elimination away",
    ]
    assert refused(command, "bitstream", "gcn", "--board", "ulx3s", "--sample-seed", "1") == [
        "pyralis: --sample-seed is for samples, and this network takes none.",
        "  where: arguments",
        "  next:  leave --sample-seed away",
    ]
    assert refused(command, "bitstream", "gcn", "--board", "ulx3s", "--network", files / "net.npz") == [
        "pyralis: --network is given without --features, and a graph needs both.",
        "  where: arguments",
        "  next:  add --features FILE, or leave both away",
    ]
    limit = "BRAM 228 > 208, DSP 1,024 > 156 at least"
    assert refused(command, "bitstream", "gcn", "--board", "ulx3s", "--preset", "z32") == [
        f"pyralis: The core z32 is larger than LFE5U-85F-6BG381C of Radiona ULX3S 85F: {limit}.",
        "  where: --preset or --config",
        "  next:  pyralis boards lists what fits; --force builds it all the same",
    ]
    limit = "LUT 703,584 > 230,400, BRAM 546 > 312 (counted with Yosys)"
    assert refused(command, "bitstream", "gcn", "--board", "zcu104", "--preset", "z32")[0] == (
        f"pyralis: The core z32 is larger than xczu7ev-ffvc1156-2-e of AMD ZCU104: {limit}."
    )
    core = tmp_path / "core.toml"
    for text, what in (
        ("lanez = 4\n", "The configuration has no key 'lanez'."),
        ("lanes = true\n", "lanes must be an integer, not True."),
        ("lanes = 5\n", "lanes must be 4, 8 or 16, not 5."),
        ("preset = 3\n", "preset must be a name, not 3."),
        ('preset = "z23"\n', f"There is no preset 'z23'; there are {NAMES}."),
    ):
        core.write_text(text)
        assert refused(command, "generate", "gcn", "--config", core)[0] == f"pyralis: {what}"
    core.write_text('preset = "z32"\ngather_ports = 4\nlanes = 8\n')
    config = from_toml(core.read_text())
    assert (config.gather_ports, config.epilogue_lanes) == (4, 4)
    assert config.columns == SIZES["z32"].columns
