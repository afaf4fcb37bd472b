import gc
import os
import sys
from pathlib import Path

import pytest

# Two tests run at a time. With threads of its own in each, torch waits for cores that the other one has, and
# tests of seconds take minutes. Read when torch is imported, by every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What all simulators share is built once for all tests and what they start, wherever they run.
os.environ.setdefault("PYRALIS_OBJCACHE", str(Path("build/objcache").resolve()))


def pytest_configure(config):
    """Tests that are not slow simulate few cycles: their simulators are compiled soon, not well."""
    if config.option.markexpr != "slow":
        os.environ.setdefault("PYRALIS_SIMULATOR_LEVEL", "-O0")


def pytest_collection_finish():
    """Python looks for garbage less often, and not among what was imported.

    Amaranth makes millions of small objects that stay; a third of an elaboration was looking through them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _cocotb_modules_beside_the_test(request, monkeypatch):
    """cocotb imports `cocotb_<module>` by name: put the test's own folder on the simulator's path."""
    monkeypatch.setattr(sys, "path", [str(request.path.parent), *sys.path])
