"""Polynomials over GF(2) as rows of words, many at a time: bit *k* of a row is the coefficient of x^k.

A batch of N polynomials is an (N, W) tensor of 64-bit words, the lowest first. PyTorch shifts int64 and not
uint64, so the words are int64 bit patterns: a right shift drags the sign along and is masked wherever more
than the lowest bit of it is used. Tensors of uint64 are taken as they are; what comes back is int64, which
``tensor.view(torch.uint64)`` turns without a copy.
"""

from collections.abc import Iterable, Sequence

import torch

__all__ = [
    "WORD",
    "divide",
    "double",
    "from_bits",
    "from_ints",
    "halve",
    "linear_map",
    "multiply",
    "parity_matrix",
    "planes",
    "rows",
    "signed",
    "to_bits",
    "to_ints",
    "word_count",
]

WORD = 64
"""Bits of a word."""


def word_count(bits: int) -> int:
    """Words that hold *bits* bits."""
    return -(-bits // WORD)


def signed(words: torch.Tensor) -> torch.Tensor:
    """The same bit patterns as int64; ValueError for another type than int64 and uint64."""
    if words.dtype == torch.uint64:
        return words.view(torch.int64)
    if words.dtype != torch.int64:
        raise ValueError(f"words must be int64 or uint64, not {words.dtype}")
    return words


def from_ints(values: Iterable[int], bits: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """Python integers as (N, W) words; ValueError if one is negative or has more than *bits* bits."""
    some = list(values)
    for value in some:
        if value < 0 or value >> bits:
            raise ValueError(f"values must be in 0..2^{bits} - 1, not {value}")
    width = word_count(bits) * WORD // 8
    raw = bytearray(b"".join(value.to_bytes(width, "little") for value in some))
    words = torch.frombuffer(raw, dtype=torch.int64) if raw else torch.empty(0, dtype=torch.int64)
    return words.reshape(len(some), word_count(bits)).to(device)


def to_ints(words: torch.Tensor) -> list[int]:
    """One Python integer a row."""
    return [int.from_bytes(row.tobytes(), "little") for row in signed(words).cpu().contiguous().numpy()]


def to_bits(words: torch.Tensor, bits: int) -> torch.Tensor:
    """(N, *bits*) bool, the lowest coefficient first."""
    octets = signed(words).reshape(-1).view(torch.uint8).reshape(len(words), 8 * words.shape[1])
    places = torch.arange(8, dtype=torch.uint8, device=words.device)
    return (octets[:, :, None] >> places & 1).flatten(1)[:, :bits].bool()


def from_bits(bits: torch.Tensor) -> torch.Tensor:
    """Words of (N, count) bool; undoes :func:`to_bits`."""
    rows, count = bits.shape
    padded = torch.nn.functional.pad(bits.to(torch.uint8), (0, word_count(count) * WORD - count))
    places = torch.arange(8, dtype=torch.uint8, device=bits.device)
    octets = (padded.reshape(rows, 8 * word_count(count), 8) << places).sum(2, dtype=torch.uint8)
    return octets.contiguous().view(torch.int64)


def parity_matrix(columns: Sequence[int], bits: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """For :func:`linear_map`: input *k* adds the *bits* bits of ``columns[k]``. (inputs, *bits*) float32."""
    return to_bits(from_ints(columns, bits), bits).to(torch.float32).to(device)


def linear_map(bits: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The map *matrix* of (N, inputs) bool: (N, outputs) bool.

    Counts ones in floating point, which is exact below 2^24 inputs, and takes the parity.
    """
    return (bits.to(torch.float32) @ matrix).to(torch.int32).bitwise_and(1).bool()


def multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Unreduced products of (N, V) and (N, W) words: (N, V + W), by shifting and adding."""
    first, second = planes(a), planes(b)
    width = len(first)
    product = torch.zeros(width + len(second), len(a), dtype=torch.int64, device=a.device)
    shifted = torch.nn.functional.pad(first, (0, 0, 0, 1))
    for place in range(WORD):
        for index, word in enumerate(second):
            product[index : index + width + 1] ^= shifted & -(word >> place & 1)
        shifted = double(shifted)
    return rows(product)


def divide(dividend: torch.Tensor, bits: int, divisor: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Quotients and remainders by one *divisor* of degree 1 at least, by long division.

    Parameters
    ----------
    dividend : (N, W) int64 or uint64
        Bits from *bits* on are 0.
    bits : int
    divisor : int

    Returns
    -------
    quotient : (N, word_count(bits - degree)) int64
        At least one word.
    remainder : (N, word_count(degree)) int64
    """
    degree = divisor.bit_length() - 1
    rest = torch.nn.functional.pad(planes(dividend), (0, 0, 0, 1 + word_count(degree)))
    quotient = rest.new_zeros(word_count(max(bits - degree, 1)), len(dividend))
    width = divisor.bit_length() + WORD
    multiples = [from_ints([divisor << place], width)[0].tolist() for place in range(WORD)]
    for power in range(bits - degree - 1, -1, -1):
        word, place = divmod(power, WORD)
        top_word, top_place = divmod(power + degree, WORD)
        taken = rest[top_word] >> top_place & 1
        quotient[word] |= taken << place
        for index, constant in enumerate(multiples[place], word):
            if constant:
                rest[index] ^= -taken & constant
    return rows(quotient), rows(rest[: word_count(degree)])


def planes(words: torch.Tensor) -> torch.Tensor:
    """(W, N): long rows, which PyTorch works through several times faster than short ones."""
    return signed(words).T.contiguous()


def rows(planes: torch.Tensor) -> torch.Tensor:
    """Undoes :func:`planes`."""
    return planes.T.clone(memory_format=torch.contiguous_format)


def double(planes: torch.Tensor) -> torch.Tensor:
    """Times x, of (W, N) planes; what leaves the last word is lost."""
    doubled = planes << 1
    doubled[1:] |= planes[:-1] >> WORD - 1 & 1
    return doubled


def halve(planes: torch.Tensor) -> torch.Tensor:
    """Over x, of (W, N) planes; the constant term is lost."""
    halved = planes >> 1 & (1 << WORD - 1) - 1
    halved[:-1] |= planes[1:] << WORD - 1
    return halved
