"""``pyralis demo gf`` in small: three GHASH vectors on a digit-serial core."""

import json
import re
import shutil

import pytest
from page import Page

from pyralis.gen.demo import ghash
from pyralis.gen.demo.gf import PARTS, Part, demo
from pyralis.hw.gf.config import GfConfig

SMALL = Part(
    name="ghash",
    title="GHASH in small",
    config=GfConfig(
        m=128, order="ghash", multiplier="digit_serial", digit=32, t=2, corrector="folded", inject=True
    ),
    job=ghash.job,
    arguments={"rounds": 4, "cases": 3},
    share=0.5,
)
WHEN = re.compile(r"seconds$")


def timeless(value):
    """*value* without wall times."""
    if isinstance(value, dict):
        return {key: timeless(part) for key, part in value.items() if not WHEN.search(key)}
    return [timeless(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo(folder, seed=3, parts=[SMALL])


def test_protected_values_are_right_and_the_others_are_not(job):
    _, result = job
    part = result["parts"][0]
    protected, bare = part["protected"], part["unprotected"]
    assert result["right"]
    assert protected["right"] == protected["compared"] == bare["compared"] == 4 * 6
    assert bare["right"] < bare["compared"] / 2
    assert (protected["wrong"], bare["corrected"], bare["repeated"]) == (0, 0, 0)
    assert protected["products"] == bare["products"] == bare["transfers"] == 4 * 8
    assert protected["transfers"] == protected["products"] + protected["repeated"]
    assert protected["disturbed"] == bare["disturbed"] > 8
    assert protected["corrected"] > 0
    assert protected["repeated"] > 0
    assert bare["wrong"] == sum(row["injected"] for row in bare["kinds"] if row["kind"] != "predictor")


def test_each_weight_of_fault_does_what_the_code_promises(job):
    _, result = job
    rows = {row["kind"]: row for row in result["parts"][0]["protected"]["kinds"]}
    assert {"1", "2", "3"} <= set(rows)
    assert rows["1"]["corrected"] == rows["1"]["injected"]
    for weight in "23":
        assert rows[weight]["uncorrectable"] == rows[weight]["repeated"] == rows[weight]["injected"]
    assert "" not in rows, "no flag without a fault"


def test_latency_is_that_of_the_core(job):
    _, result = job
    run = result["parts"][0]["protected"]
    assert run["latency"] == {
        "clean": run["core_cycles"],
        "corrected": run["core_cycles"] + run["core_correction_cycles"],
    }
    assert run["waits"] > 0


def test_bars_are_all_faults(job):
    _, result = job
    for kind in ("protected", "unprotected"):
        run = result["parts"][0][kind]
        assert sum(group["wrong"] for group in run["bins"]) == run["wrong"]
        assert sum(group["corrected"] for group in run["bins"]) == run["corrected"]
        assert sum(group["repeated"] for group in run["bins"]) == run["repeated"]


def test_the_folder_holds_everything(job):
    folder, result = job
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == ["report.html", "result.json", "rtl/ghash_protected.v", "rtl/ghash_unprotected.v"]
    assert json.loads((folder / "result.json").read_text()) == result
    assert "module gf_mul(" in (folder / "rtl" / "ghash_protected.v").read_text()


def test_the_page_is_whole_and_fetches_nothing(job):
    folder, result = job
    text = (folder / "report.html").read_text()
    page = Page(text)
    page.check()
    assert page.seen.count("svg") == 1
    assert result["verdict"] in text
    assert "with protection all 24 values are right" in result["verdict"]
    for vector in ghash.VECTORS[:3]:
        assert vector.tag in text
    for row in result["parts"][0]["unprotected"]["rows"]:
        assert row["found"] in text


def test_report_makes_the_page_again(job, command, tmp_path):
    folder, _ = job
    shutil.copy(folder / "result.json", tmp_path)
    assert command("report", tmp_path) == (0, f"Written: {tmp_path / 'report.html'}\n", "")
    assert (tmp_path / "report.html").read_bytes() == (folder / "report.html").read_bytes()


def test_a_wrong_value_is_said_in_red(job, command, tmp_path):
    folder, _ = job
    result = json.loads((folder / "result.json").read_text())
    result |= {"right": False, "verdict": "only 3 <b>values</b>"}
    (tmp_path / "result.json").write_text(json.dumps(result))
    assert command("report", tmp_path)[0] == 0
    text = (tmp_path / "report.html").read_text()
    assert 'class="verdict bad"' in text
    assert "only 3 &lt;b&gt;values&lt;/b&gt;" in text


def test_a_seed_decides_everything(job, tmp_path):
    _, result = job
    again = timeless(demo(tmp_path, seed=3, parts=[SMALL]))
    first = timeless(result)
    for part in (again, first):
        del part["reproduce"]  # names the folder
    assert again == first


@pytest.mark.parametrize("right", [True, False])
def test_exit_code_and_table(job, command, monkeypatch, right):
    _, result = job
    seen = {}

    def fake(folder, *, seed, progress):
        seen.update(folder=folder, seed=seed)
        return {**result, "right": right}

    monkeypatch.setattr("pyralis.gen.demo.gf.demo", fake)
    code, out, _ = command("demo", "gf", "--seed", "7", "-o", "there")
    assert code == (not right)
    assert seen == {"folder": "there", "seed": 7}
    assert re.search(r"GHASH in small +protected +32 ", out)
    assert "Open there/report.html" in out
    code, out, _ = command("demo", "gf", "--json")
    assert (code, json.loads(out)["ok"]) == (not right, right)


@pytest.mark.slow
def test_the_whole_job(tmp_path):
    result = demo(tmp_path)
    assert result["right"]
    assert [part["name"] for part in result["parts"]] == [part.name for part in PARTS]
    for part in result["parts"]:
        assert part["protected"]["corrected"] > 50
        assert part["unprotected"]["right"] < part["unprotected"]["compared"]
