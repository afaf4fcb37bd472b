"""Every hardware module has its test at the same path, and its golden model where it computes something."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

WITHOUT_TEST: dict[str, str] = {}
"""Modules of hw that no test of their own covers, and why."""

WITHOUT_GOLDEN = {
    "axi/": "moves words unchanged; the reference is the memory itself",
    "common/control.py": "states and two running addresses; its test has a scene for each",
    "common/descriptor.py": "layouts",
    "common/fetch.py": "moves words unchanged",
    "common/jobregisters.py": "a table",
    "common/memory.py": "a register; compared with a list of words in its test",
    "common/stream.py": "moves words unchanged",
    "common/sums.py": "counts events; compared with counts made by the bench",
    "common/words.py": "moves words; compared with bytes in its test",
    "gf/arithmetic.py": "a choice",
    "gf/axis.py": "streams around core.py",
    "gf/berlekamp.py": "a way to solve keyequation.py; its test holds Massey's algorithm",
    "gf/closed.py": "a way to solve keyequation.py; its test holds Massey's algorithm",
    "gf/coded.py": "joins its pieces; compared with integers in tests/support/multiplications.py",
    "gf/config.py": "parameters",
    "gf/copies.py": "joins its pieces; compared with integers in tests/support/multiplications.py",
    "gf/core.py": "streams around datapath.py; compared with integers in tests/support/multiplications.py",
    "gf/datapath.py": "joins its pieces; compared with integers in tests/support/multiplications.py",
    "gf/decoder.py": "integers, used when hardware is generated; compared with every pattern",
    "gf/digit_serial.py": "compared with hw/gf/field.py, itself compared with galois, and proven",
    "gf/evaluation.py": "linear maps; compared with sums of columns",
    "gf/flip.py": "a linear map; its test compares with the field on integers",
    "gf/flow.py": "places registers; its test looks where",
    "gf/folded.py": "bounded-distance decoding; compared with an exhaustive table and decoder.py",
    "gf/folded_key.py": "a part of folded.py",
    "gf/inverter.py": "compared with hw/gf/field.py, itself compared with galois",
    "gf/karatsuba.py": "compared with hw/gf/field.py, itself compared with galois, and proven",
    "gf/keyequation.py": "compared with Massey's algorithm in its test",
    "gf/linear.py": "linear maps; compared with sums",
    "gf/lite.py": "registers around core.py",
    "gf/locator.py": "roots of a polynomial; its test evaluates it on integers",
    "gf/majority.py": "a vote among checks; compared with the checks written out",
    "gf/mastrovito.py": "compared with hw/gf/field.py, itself compared with galois, and proven",
    "gf/monitor.py": "counts events",
    "gf/oddseries.py": "a part of keyequation.py; compared with locators in its test",
    "gf/ports.py": "layouts",
    "gf/product.py": "pieces of the multipliers; compared with polynomial.py",
    "gf/product_code.py": "compared with code.py on integers; as vectors in sim/golden/gf/code.py",
    "gf/redundancy.py": "compared with Python's operators",
    "gf/registers.py": "a table",
    "gf/residue.py": "compared with code.py on integers; as vectors in sim/golden/gf/code.py",
    "gf/scheme.py": "records",
    "gf/serial.py": "streams around digit_serial.py; tested in test_core.py",
    "gf/serial_search.py": "a part of folded.py; its sums are compared with polynomial arithmetic",
    "gf/squarer.py": "compared with hw/gf/field.py, itself compared with galois, and proven",
    "gf/step.py": "layouts",
    "gf/two_step.py": "compared with hw/gf/field.py, itself compared with galois, and proven",
    "gf/verdict.py": "compares; its test has a table of all patterns",
    "gcn/aggbuffer.py": "moves words; compared with lists in its test",
    "gcn/aggregateunit.py": "joins the others; compared with sim/golden/gcn/network.py, an operation at once",
    "gcn/aggregation.py": "joins its pieces; compared with sim/golden/gcn/sums.py",
    "gcn/batch.py": "order only; its test lists it",
    "gcn/beatbuilder.py": "moves words; compared with bytes in its test",
    "gcn/beatpool.py": "moves words; compared with lists in its test",
    "gcn/bias.py": "a part of epilogue.py; its test compares with integers",
    "gcn/bytepacker.py": "moves words; compared with bytes in its test",
    "gcn/check.py": "a decision per descriptor; its test lists them",
    "gcn/clamp.py": "a part of epilogue.py; its test compares with integers",
    "gcn/column.py": "joins its pieces; compared with sim/golden/gcn/sums.py",
    "gcn/combination.py": "joins its pieces; compared with sim/golden/gcn/{sums,epilogue}.py",
    "gcn/combineunit.py": "joins the others; compared with sim/golden/gcn/network.py, an operation at once",
    "gcn/config.py": "parameters",
    "gcn/core.py": "joins the others; compared with sim/golden/gcn/network.py in tests/sim/gcn",
    "gcn/contextsums.py": "a part of simdcore.py; its test compares with integers",
    "gcn/counters.py": "counts events; compared with counts made by the bench",
    "gcn/densesteps.py": "addresses; compared with loops in its test",
    "gcn/draws.py": "positions, compared with sim/golden/gcn/sampler.py",
    "gcn/eliminator.py": "compared with sim/golden/gcn/windows.py",
    "gcn/execute.py": "order only; its test says in each cycle what may go out",
    "gcn/feed.py": "addresses; compared with loops in its test",
    "gcn/fetch.py": "moves words unchanged",
    "gcn/finish.py": "joins its pieces; compared with sim/golden/gcn/epilogue.py",
    "gcn/fork.py": "moves words unchanged",
    "gcn/gaps.py": "sums of gaps; compared with the indices that these were made of",
    "gcn/gather.py": "order only; its test adds up what it orders",
    "gcn/handler.py": "moves words; compared with the memory itself",
    "gcn/handlerconfig.py": "parameters, and a permutation that its test undoes",
    "gcn/hubcopies.py": "moves words; compared with a dictionary in its test",
    "gcn/latejobs.py": "order only; its test says who waits",
    "gcn/load.py": "moves words; compared with the arrays that the compiler packs",
    "gcn/loadconstants.py": "moves words; compared with the arrays that the compiler packs",
    "gcn/loadlines.py": "moves words; compared with the lines that the compiler packs",
    "gcn/matching.py": "a choice; its test checks what it chooses",
    "gcn/merge.py": "compared with sums and maxima of PyTorch in its test",
    "gcn/packedlines.py": "cuts bits; compared with integers in its test",
    "gcn/phase.py": "states and counts; its test has a loop over rows",
    "gcn/program.py": "layouts and numbers",
    "gcn/programstore.py": "a memory",
    "gcn/registers.py": "a table",
    "gcn/reorder.py": "moves words; compared with lists in its test",
    "gcn/reserve.py": "moves words unchanged",
    "gcn/resultcolumn.py": "joins its pieces; compared with sim/gcn/memories.py",
    "gcn/results.py": "joins its pieces; compared with sim/gcn/memories.py",
    "gcn/resultwriter.py": "order only; its test lists what is written",
    "gcn/route.py": "a choice; its test looks at all three ways",
    "gcn/rowaddress.py": "addresses; compared with integers in its test",
    "gcn/rowform.py": "layouts and numbers",
    "gcn/rowqueue.py": "moves words; compared with lists in its test",
    "gcn/rowstore.py": "a memory; its test holds the words",
    "gcn/rowwords.py": "moves bytes; compared with numpy's in its test",
    "gcn/rowwriter.py": "addresses; compared with integers in its test",
    "gcn/scales.py": "a memory; its test holds the scales",
    "gcn/simdcore.py": "compared with sim/golden/gcn/sums.py",
    "gcn/storeread.py": "moves words unchanged",
    "gcn/top.py": "registers around core.py",
    "gcn/weightbuffer.py": "a memory; its test holds the words",
    "gcn/windowjobs.py": "which beats of the windows; compared with sim/golden/gcn/windows.py",
    "serial/": "moves words unchanged; its tests hold the other side of the protocol in Python",
    "snn/check.py": "a decision per descriptor; its test lists them",
    "snn/config.py": "parameters",
    "snn/control.py": "faults of common/control.py; its test has a scene for each",
    "snn/core.py": "joins the others; compared with sim/golden/snn/network.py in tests/sim/snn",
    "snn/counters.py": "counts events; compared with counts made by the bench",
    "snn/execute.py": "order only; its test watches what goes out",
    "snn/fetch.py": "moves words unchanged",
    "snn/group.py": "layouts",
    "snn/maps.py": "a memory",
    "snn/output.py": "joins its pieces; compared with sim/golden/snn/{neuron,pool}.py on random layers",
    "snn/pixels.py": "a part of loading; compared with sim/golden/snn/load.py",
    "snn/program.py": "layouts",
    "snn/registers.py": "a table",
    "snn/results.py": "counts spikes and finds the largest value; compared with Python's own in its test",
    "snn/sequence.py": "addresses; compared with loops in its test",
    "snn/slot.py": "layouts",
    "snn/store.py": "moves words; compared with the memory image of sim/golden/snn/load.py",
    "snn/tagger.py": "addresses; compared with loops in its test",
    "snn/timestep.py": "a part of neuron.py; compared with sim/golden/snn/neuron.py",
    "snn/top.py": "registers around core.py",
    "snn/walk.py": "addresses; compared with loops in its test",
    "snn/weights.py": "a memory",
    "snn/words.py": "moves words; compared with the memory image of sim/golden/snn/load.py",
}
"""Modules (or folders, with a slash) of hw without a golden model of the same name, and why."""

GOLDEN_ONLY = {
    "gcn/network.py": "a whole network, which is hw/gcn/core.py with a program",
    "gcn/sums.py": "exact integer products and reductions, of both engines",
    "gcn/windows.py": "what hw/gcn/eliminator.py cuts, and whole graphs",
    "gf/decode.py": "decoding as a whole, for batches; the hardware does it in blocks",
    "snn/network.py": "a whole network, which is hw/snn/core.py with a program",
    "snn/conv.py": "exact integer convolution, used by the others",
}
"""Golden models without a hardware module of the same name, and why."""


def modules(folder: str) -> set[str]:
    """Python files below *folder*, relative to it, packages' own files left out."""
    base = ROOT / folder
    return {file.relative_to(base).as_posix() for file in base.rglob("*.py") if file.name != "__init__.py"}


def excused(path: str, reasons: dict[str, str]) -> bool:
    return path in reasons or any(path.startswith(key) for key in reasons if key.endswith("/"))


def test_every_hardware_module_has_a_test():
    tests = modules("tests/hw")
    missing = [
        f"tests/hw/{(Path(path).parent / f'test_{Path(path).name}').as_posix()}"
        for path in sorted(modules("hw"))
        if (Path(path).parent / f"test_{Path(path).name}").as_posix() not in tests
        and path not in WITHOUT_TEST
    ]
    assert not missing, "write these, or give a reason in WITHOUT_TEST"


def test_every_test_tests_a_module():
    hardware = modules("hw")
    stale = [
        path
        for path in sorted(modules("tests/hw"))
        if Path(path).name.startswith("test_")
        and (Path(path).parent / Path(path).name.removeprefix("test_")).as_posix() not in hardware
    ]
    assert not stale, "hw has no module of these names"


def test_every_simulator_half_has_its_pytest_half():
    files = modules("tests")
    alone = [
        path
        for path in sorted(files)
        if Path(path).name.startswith("cocotb_")
        and not any(
            path.rpartition("/")[0] == other.rpartition("/")[0] and "/test_" in other for other in files
        )
    ]
    assert not alone


def test_arithmetic_has_a_golden_model():
    golden = modules("sim/golden")
    missing = [
        f"sim/golden/{path}"
        for path in sorted(modules("hw"))
        if path not in golden and not excused(path, WITHOUT_GOLDEN)
    ]
    assert not missing, "write these, or give a reason in WITHOUT_GOLDEN"


def test_every_golden_model_has_its_hardware():
    hardware = modules("hw")
    alone = [
        path for path in sorted(modules("sim/golden")) if path not in hardware and path not in GOLDEN_ONLY
    ]
    assert not alone, "hw has no module of these names; give a reason in GOLDEN_ONLY"


def test_reasons_are_about_files_that_exist():
    hardware, golden = modules("hw"), modules("sim/golden")
    assert all(
        reason for reasons in (WITHOUT_TEST, WITHOUT_GOLDEN, GOLDEN_ONLY) for reason in reasons.values()
    )
    gone = [
        path for path in (*WITHOUT_TEST, *WITHOUT_GOLDEN) if not path.endswith("/") and path not in hardware
    ]
    assert not gone + [path for path in GOLDEN_ONLY if path not in golden]
    assert not [path for path in WITHOUT_GOLDEN if path in golden], "these have a golden model"
