import sys

import pytest


@pytest.fixture(autouse=True)
def _cocotb_modules_beside_the_test(request, monkeypatch):
    """cocotb imports `cocotb_<module>` by name: put the test's own folder on the simulator's path."""
    monkeypatch.setattr(sys, "path", [str(request.path.parent), *sys.path])
