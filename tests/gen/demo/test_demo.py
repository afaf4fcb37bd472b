"""``pyralis demo snn`` in small: a short training, four images, the tiny core."""

import json
import re
import shutil

import pytest
from page import Page

from pyralis.gen.demo.snn import demo
from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntNetwork
from pyralis.gen.progress import Progress

IMAGES = 4


class _Terminal:
    """A stream that keeps what was written."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder, terminal = tmp_path_factory.mktemp("demo"), _Terminal()
    result = demo(folder, epochs=2, images=IMAGES, progress=Progress(terminal))
    return folder, result, terminal.text


def test_the_core_equals_the_golden_model(job):
    _, result, _ = job
    assert result["bit_exact"]
    assert result["images"] == IMAGES
    assert result["accuracy_rtl"] == result["accuracy_int"]
    assert result["error"] == "NONE"


def test_result_json_holds_what_is_promised(job):
    folder, result, _ = job
    stored = json.loads((folder / "result.json").read_text())
    for key in ("accuracy_float", "accuracy_int", "accuracy_rtl", "images", "bit_exact", "cycles_per_image"):
        assert stored[key] == result[key]
    assert 0 < stored["utilisation"] < 1
    assert stored["seconds"] > 0
    assert stored["saturated"] is False
    assert stored["simulated_cycles_per_second"] > 0
    assert [layer["name"] for layer in stored["layers"]] == ["conv0", "conv4", "linear9"]
    assert all(layer["differences"] == 0 for layer in stored["layers"])
    raster = stored["sample"]["rasters"][0]
    assert (len(raster["spikes"]), len(raster["spikes"][0]), len(raster["spikes"][0][0])) == (16, 4, 16)
    assert sum("".join(row).count("1") for row in raster["spikes"]) == raster["total"] > 0


def test_the_folder_holds_everything(job):
    folder, _, _ = job
    assert {"report.html", "result.json", "network.npz", "rtl"} <= {path.name for path in folder.iterdir()}
    assert {"snn_top.v", "program.bin", "weights.bin", "manifest.json"} <= {
        path.name for path in (folder / "rtl").iterdir()
    }
    assert IntNetwork.load(folder / "network.npz").source["data"] == "scikit-learn digits"
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_every_step_is_a_line(job):
    _, result, text = job
    names = [step["name"] for step in result["steps"]]
    assert names == [
        *("load the digits", "train with snnTorch", "classify in snnTorch", "quantise", "generate the core"),
        *("estimate", "golden model", "simulate the RTL", "compare"),
    ]
    assert [re.split(r"  +", line)[0] for line in text.splitlines()] == names


def test_the_page_is_whole_and_fetches_nothing(job):
    folder, _, _ = job
    text = (folder / "report.html").read_text()
    page = Page(text)
    page.check()
    assert page.seen.count("svg") == 11
    assert "Bit exact: all 4 images" in text


def test_a_second_run_does_not_train_again(job, tmp_path):
    folder, result, _ = job
    trained = next(folder.glob("trained-*.pt"))
    shutil.copy(trained, tmp_path)
    terminal = _Terminal()
    again = demo(tmp_path, epochs=2, images=IMAGES, progress=Progress(terminal))
    assert "load the trained network" in terminal.text
    assert "train with snnTorch" not in terminal.text
    assert again["sample"]["scores"] == result["sample"]["scores"]
    assert (tmp_path / "network.npz").read_bytes() == (folder / "network.npz").read_bytes()


def test_report_makes_the_page_again(job, command, tmp_path):
    folder, _, _ = job
    shutil.copy(folder / "result.json", tmp_path)
    code, out, _ = command("report", tmp_path)
    assert (code, out) == (0, f"Written: {tmp_path / 'report.html'}\n")
    assert (tmp_path / "report.html").read_bytes() == (folder / "report.html").read_bytes()


def test_a_difference_is_said_in_red(job, tmp_path, command):
    folder, _, _ = job
    result = json.loads((folder / "result.json").read_text())
    result |= {"bit_exact": False, "verdict": "NOT bit exact: <b>why</b>"}
    (tmp_path / "result.json").write_text(json.dumps(result))
    assert command("report", tmp_path)[0] == 0
    text = (tmp_path / "report.html").read_text()
    assert 'class="verdict bad"' in text
    assert "NOT bit exact: &lt;b&gt;why&lt;/b&gt;" in text


def test_folders_without_a_result(command, tmp_path):
    code, _, err = command("report", tmp_path)
    assert code == 1
    assert f"There is no result.json in {tmp_path}." in err
    (tmp_path / "result.json").write_text("{")
    assert "result.json cannot be read: " in command("report", tmp_path)[2]
    (tmp_path / "result.json").write_text('{"job": "bench snn"}')
    err = command("report", tmp_path)[2]
    assert "is the result of 'bench snn'; there are reports for 'demo snn', 'demo gf', 'demo gcn' and " in err
    assert "'bitstream' only." in err
    (tmp_path / "result.json").write_text('{"job": "demo snn"}')
    assert "it was written by another version" in command("report", tmp_path)[2]
    assert not (tmp_path / "report.html").exists()


def test_what_the_demo_refuses(command, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = command("demo", "snn", "-o", tmp_path / "file" / "x")
    assert code == 1
    assert "cannot be written: Not a directory." in err
    code, _, err = command("demo", "--preset", "huge")
    assert code == 1
    assert "There is no preset 'huge'; there are tiny, zu3eg, zcu104." in err
    with pytest.raises(UserError, match=re.escape("images must be in 1..360, not 0.")):
        demo(tmp_path, images=0)
