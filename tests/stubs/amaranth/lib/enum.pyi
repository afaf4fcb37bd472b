# mypy: disable-error-code="misc"
# (An enumeration without members in a stub would be one with unknown members, says mypy; here it has none.)
import enum
from enum import auto as auto
from typing import Any

class Enum(enum.Enum):
    def __init_subclass__(cls, *, shape: Any = ..., view_class: Any = ...) -> None: ...

class IntEnum(enum.IntEnum):
    def __init_subclass__(cls, *, shape: Any = ..., view_class: Any = ...) -> None: ...

class Flag(enum.Flag):
    def __init_subclass__(cls, *, shape: Any = ..., view_class: Any = ...) -> None: ...
