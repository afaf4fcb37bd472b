"""What is closed at the end of a ``with`` block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

__all__ = ["Closing"]

Self = TypeVar("Self", bound="Closing")  # that of typing needs Python 3.11, which boards may not have


class Closing(ABC):
    """A context that is the object itself; leaving it, also by an error, calls :meth:`close`."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of what is held; a second call does nothing."""

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
