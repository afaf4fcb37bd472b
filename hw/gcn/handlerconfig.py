"""Parameters of the Memory Handler, and where its remap puts the bytes of an image."""

from dataclasses import dataclass

from pyralis.hw.axi.dma import DmaConfig

__all__ = ["HandlerConfig"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerConfig:
    """Parameters of :class:`pyralis.hw.gcn.handler.MemoryHandler`.

    Attributes
    ----------
    dma : DmaConfig
        Widths, longest burst, bursts on the way.
    buffer_bursts : int
        Longest bursts for which each client but the program has room on chip, at least 2. A client that alone
        reads gets a beat a cycle if that many bursts cover the memory's latency.
    batch_bursts : int
        Bursts of each client in a batch.
    bank_bit, bank_bits : int
        Where the bank stands in the memory's addresses: its lowest bit, above the bytes of the longest burst,
        and its width.
    """

    dma: DmaConfig
    buffer_bursts: int = 4
    batch_bursts: int = 8
    bank_bit: int = 13
    bank_bits: int = 4

    def __post_init__(self) -> None:
        if not 2 <= self.buffer_bursts <= 64:
            raise ValueError(f"buffer_bursts must be in 2..64, not {self.buffer_bursts}")
        if not 1 <= self.batch_bursts <= 256:
            raise ValueError(f"batch_bursts must be in 1..256, not {self.batch_bursts}")
        if self.bank_bits < 1 or not self.burst_bit < self.bank_bit <= 32 - self.bank_bits:
            raise ValueError(
                f"the bank's {self.bank_bits} bits from bit {self.bank_bit} on must lie above bit "
                f"{self.burst_bit} and below bit 32"
            )

    @property
    def burst_bit(self) -> int:
        """Lowest bit of a number of a burst in an address."""
        return (self.dma.burst_beats * self.dma.beat_bytes - 1).bit_length()

    @property
    def region_bytes(self) -> int:
        """Within a region of so many bytes, aligned to its size, the remap permutes bursts."""
        return 1 << self.bank_bit + self.bank_bits

    def remap(self, address: int) -> int:
        """Where the byte at *address* is with the remap on.

        The number of the burst in its region is rotated, so that its lowest bits choose the bank: bursts that
        follow each other are in different banks.
        """
        low, high = self.burst_bit, self.bank_bit + self.bank_bits
        burst = address >> low & (1 << high - low) - 1
        turned = burst >> self.bank_bits | (burst & (1 << self.bank_bits) - 1) << self.bank_bit - low
        return address & ~((1 << high) - (1 << low)) | turned << low

    def place(self, image: bytes) -> bytes:
        """*image*, which begins at a multiple of ``region_bytes``, as the memory holds it with the remap on.

        It is filled up with zeros to whole regions.
        """
        step = 1 << self.burst_bit
        placed = bytearray(-(-len(image) // self.region_bytes) * self.region_bytes)
        for at in range(0, len(image), step):
            burst = image[at : at + step]
            placed[self.remap(at) : self.remap(at) + len(burst)] = burst
        return bytes(placed)

    def collect(self, memory: bytes, address: int, size: int) -> bytes:
        """The *size* bytes that clients know at *address*, out of a *memory* held with the remap on."""
        step = 1 << self.burst_bit
        found = bytearray()
        while len(found) < size:
            at = address + len(found)
            count = min(step - at % step, size - len(found))
            found += memory[self.remap(at) : self.remap(at) + count]
        return bytes(found)
