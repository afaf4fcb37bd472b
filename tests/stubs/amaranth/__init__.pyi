# For mypy only. Amaranth has no types: all of it is Any, but for its enumerations, which are Python's own.
from typing import Any

def __getattr__(name: str) -> Any: ...
