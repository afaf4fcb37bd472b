"""What can go wrong between a program and a core, each as a sentence with a next step."""

__all__ = [
    "CoreError",
    "DriverError",
    "MemoryFullError",
    "SaturationWarning",
    "TimeLimitError",
    "TransportError",
    "WrongCoreError",
]


class DriverError(Exception):
    """Something that the user can mend, or must know.

    Parameters
    ----------
    what : str
        A sentence.
    hint : str
        The next step.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.hint = what, hint

    def __str__(self) -> str:
        return f"{self.what}\n  next: {self.hint}" if self.hint else self.what


class TransportError(DriverError):
    """The board cannot be reached, or answers nonsense."""


class WrongCoreError(DriverError):
    """Another core, version or size than the driver was made for."""


class CoreError(DriverError):
    """The core stopped with an error; it can be started again."""


class TimeLimitError(DriverError):
    """The core, or the way to it, did not answer in time."""


class MemoryFullError(DriverError):
    """No room for a buffer in the memory that the core reaches."""


class SaturationWarning(UserWarning):
    """A number left its width in the core and was clamped, so that results may differ from the network's."""
