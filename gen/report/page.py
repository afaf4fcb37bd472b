"""``report.html`` from ``result.json``: one file that opens offline, without scripts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from pyralis.gen.errors import UserError
from pyralis.gen.files import json_text, write_file
from pyralis.gen.report import board, charts, gcn_bench, gcn_demo, gf, gf_demo, template

__all__ = ["rebuild", "render", "write_page"]

Charts = Callable[[Mapping[str, Any]], dict[str, Any]]
Page = Callable[[Mapping[str, Any]], str]


def render(result: Mapping[str, Any]) -> str:
    """The page for the content of a result.json; the same text every time.

    Raises KeyError if something is missing in *result*.
    """
    name, charts_of = PAGES[result["job"]]
    return template.render(name, result=result, charts=charts_of(result))


def rebuild(folder: str | Path) -> Path:
    """Writes report.html beside the result.json of *folder* again; returns its path.

    Of a Vivado project, result.json takes up first what Vivado's reports in the folder say. *folder* can also
    be the JSON file of a bench; its page has the same name with .html.

    Raises UserError if there is no result.json, or none of the right kind.
    """
    if Path(folder).is_file():
        return _write_bench(Path(folder))
    result = _read(folder)
    if result["job"] == "bitstream" and result.get("board", {}).get("flow") == "vivado":
        from pyralis.gen.boards.vivado.report import reread

        result = reread(result, folder)  # it may have been built on another machine since
        write_file(Path(folder) / "result.json", json_text(result))
    return _write(result, folder)


def write_page(folder: str | Path) -> Path:
    """Writes report.html beside the result.json of *folder*, which says all there is; returns its path.

    Raises as :func:`rebuild`.
    """
    return _write(_read(folder), folder)


def _read(folder: str | Path) -> dict[str, Any]:
    try:
        return _load(Path(folder) / "result.json", PAGES, "pyralis demo --help")
    except FileNotFoundError:
        what = f"There is no result.json in {folder}."
        raise UserError(what, str(folder), "pyralis demo and pyralis bitstream write one") from None


def _load(path: Path, jobs: Mapping[str, Any], hint: str) -> dict[str, Any]:
    """The result in *path*, which is one of *jobs*."""
    try:
        result = json.loads(path.read_text())
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        what = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
        raise UserError(what, str(path), "run the job again") from None
    job = result.get("job") if isinstance(result, dict) else None
    if job not in jobs:
        *others, last = map(repr, jobs)
        known = f"{', '.join(others)} and {last}"
        what = f"{path} is the result of {job!r}; there are reports for {known} only."
        raise UserError(what, str(path), hint)
    return result


def _write(result: Mapping[str, Any], folder: str | Path) -> Path:
    source = Path(folder) / "result.json"
    return _write_page(render, result, source, Path(folder) / "report.html")


def _write_bench(path: Path) -> Path:
    result = _load(path, BENCHES, "pyralis bench --help")
    return _write_page(BENCHES[result["job"]], result, path, path.with_suffix(".html"))


def _write_page(make: Page, result: Mapping[str, Any], source: Path, page: Path) -> Path:
    try:
        text = make(result)
    except (KeyError, jinja2.UndefinedError) as error:
        what = f"{source} lacks {error}: it was written by another version."
        raise UserError(what, str(source), "run the job again") from None
    return write_file(page, text)


def _snn_charts(result: Mapping[str, Any]) -> dict[str, Any]:
    layers, sample = result["layers"], result["sample"]
    steps = result["network"]["time_steps"]
    outside = result["cycles_per_image"] - sum(layer["cycles_per_image"] for layer in layers)
    label = f"label {sample['label']}"
    unit = "potential" if result["network"]["output"] == "potentials" else "spikes"
    return {
        "cycles": charts.cycles(layers, outside),
        "picture": charts.picture(sample["pixels"][0], label),
        "rasters": [(layer, charts.raster(layer, steps)) for layer in sample["rasters"]],
        "scores": charts.scores(sample["scores"], sample["label"], unit),
        "trajectories": charts.trajectories(sample["output_potentials"], sample["class"]),
        "histograms": [(layer, charts.histogram(layer)) for layer in layers],
        "widths": charts.widths(layers),
        "memories": charts.memories(result["estimate"]["resources"]["memory_bits"]),
    }


PAGES: dict[str, tuple[str, Charts]] = {
    "demo snn": ("report.html.j2", _snn_charts),
    "demo gf": ("gf_demo.html.j2", gf_demo.charts),
    "demo gcn": ("gcn_demo.html.j2", gcn_demo.charts),
    "bitstream": ("board.html.j2", board.charts),
}
"""Template and charts by job."""

BENCHES: dict[str, Page] = {"bench gf": gf.bench_page, "bench gcn": gcn_bench.page}
"""Page by job, of benches: their JSON files have names of their own."""
