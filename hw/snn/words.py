"""Feature-map words in external memory: V * S bits each (:mod:`pyralis.hw.common.words`).

STORE followed by LOAD is the identity.
"""

from pyralis.hw.common import words
from pyralis.hw.snn.config import SnnConfig

__all__ = ["PackWords", "UnpackWords", "slot_bits", "word_beats"]


def slot_bits(config: SnnConfig) -> int:
    """Memory that one feature-map word takes, in bits: a power of two, at least 8."""
    return words.slot_bits(config.map_word_bits)


def word_beats(config: SnnConfig, words: int) -> int:
    """Bus beats that *words* feature-map words take, the last one padded."""
    return -(-words * slot_bits(config) // config.bus_bits)


class UnpackWords(words.UnpackWords):
    """Bus beats to feature-map words."""

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__(config.map_word_bits, config.bus_bits)


class PackWords(words.PackWords):
    """Feature-map words to bus beats, the inverse of :class:`UnpackWords`."""

    def __init__(self, config: SnnConfig) -> None:
        self.config = config
        super().__init__(config.map_word_bits, config.bus_bits)
