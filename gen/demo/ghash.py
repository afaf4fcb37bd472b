"""GHASH of AES-GCM, over any multiplier of GF(2^128), with published vectors.

A block is the integer whose most significant bit is the block's first bit, which is the bit order ``ghash``
of the core: no reflection is needed at its ports.

Sources: NIST SP 800-38D, 6.4 and 7.1; D. A. McGrew and J. Viega, "The Galois/Counter Mode of Operation
(GCM)", submission to NIST (2005), appendix B, test cases 1 to 6 (AES-128). The cipher itself is not needed:
the vectors give what it makes of the key, H = E(K, 0) and E(K, J0).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["BITS", "VECTORS", "Vector", "ghash", "job"]

BITS = 128
BYTES = BITS // 8

Multiply = Callable[[int, int], int]


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A test case; all values in hexadecimal.

    ``key`` is H, ``mask`` E(K, J0), ``digest`` GHASH(H, A, C), ``tag`` their sum. ``iv`` is given where J0 is
    a GHASH of it (SP 800-38D, 7.1, step 2), and ``counter`` is that J0.
    """

    case: int
    key: str
    mask: str
    data: str = ""
    text: str = ""
    digest: str
    tag: str
    iv: str = ""
    counter: str = ""


_KEY = "b83b533708bf535d0aa6e52980d53b78"
_DATA = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
_TEXT = (
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
)

VECTORS = (
    Vector(
        case=1,
        key="66e94bd4ef8a2c3b884cfa59ca342b2e",
        mask="58e2fccefa7e3061367f1d57a4e7455a",
        digest="00000000000000000000000000000000",
        tag="58e2fccefa7e3061367f1d57a4e7455a",
    ),
    Vector(
        case=2,
        key="66e94bd4ef8a2c3b884cfa59ca342b2e",
        mask="58e2fccefa7e3061367f1d57a4e7455a",
        text="0388dace60b6a392f328c2b971b2fe78",
        digest="f38cbb1ad69223dcc3457ae5b6b0f885",
        tag="ab6e47d42cec13bdf53a67b21257bddf",
    ),
    Vector(
        case=3,
        key=_KEY,
        mask="3247184b3c4f69a44dbcd22887bbb418",
        text=_TEXT,
        digest="7f1b32b81b820d02614f8895ac1d4eac",
        tag="4d5c2af327cd64a62cf35abd2ba6fab4",
    ),
    Vector(
        case=4,
        key=_KEY,
        mask="3247184b3c4f69a44dbcd22887bbb418",
        data=_DATA,
        text=_TEXT[:120],
        digest="698e57f70e6ecc7fd9463b7260a9ae5f",
        tag="5bc94fbc3221a5db94fae95ae7121a47",
    ),
    Vector(
        case=5,
        key=_KEY,
        mask="e94ab9535c72bea9e089c93d48e62fb0",
        data=_DATA,
        text="61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
        "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
        digest="df586bb4c249b92cb6922877e444d37b",
        tag="3612d2e79e3b0785561be14aaca2fccb",
        iv="cafebabefacedbad",
        counter="c43a83c4c4badec4354ca984db252f7d",
    ),
    Vector(
        case=6,
        key=_KEY,
        mask="7dc63b399f2d98d57ab073b6baa4138e",
        data=_DATA,
        text="8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7"
        "01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
        digest="1c5afe9760d3932f3c9a878aac3dc3de",
        tag="619cc5aefffe0bfa462af43c1699d050",
        iv="9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
        "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
        counter="3bab75780a31c059f83d2a44752f9864",
    ),
)
"""Test cases 1 to 6."""


def ghash(multiply: Multiply, key: int, data: bytes, text: bytes) -> int:
    """GHASH(H, A, C): both parts padded to whole blocks, then a block with their lengths in bits.

    One product with *key* a block, each of which waits for the one before.
    """
    total = 0
    for block in (*_blocks(data), *_blocks(text), 8 * len(data) << 64 | 8 * len(text)):
        total = multiply(total ^ block, key)
    return total


def _blocks(message: bytes) -> Iterator[int]:
    for start in range(0, len(message), BYTES):
        yield int.from_bytes(message[start : start + BYTES].ljust(BYTES, b"\0"), "big")


def job(multiply: Multiply, *, rounds: int = 1, cases: int = len(VECTORS)) -> list[dict[str, Any]]:
    """The first *cases* test cases, *rounds* times; a row for each value that is published.

    A row has ``name``, ``value`` (what it is), ``expected`` and ``found`` in hexadecimal.
    """
    rows = []

    def row(name: str, value: str, expected: str, found: int) -> None:
        rows.append({
            "name": name,
            "value": value,
            "expected": expected,
            "found": f"{found:032x}",
        })

    for _ in range(rounds):
        for vector in VECTORS[:cases]:
            key, name = int(vector.key, 16), f"GCM test case {vector.case}"
            if vector.iv:
                row(name, "J0", vector.counter, ghash(multiply, key, b"", bytes.fromhex(vector.iv)))
            digest = ghash(multiply, key, bytes.fromhex(vector.data), bytes.fromhex(vector.text))
            row(name, "GHASH", vector.digest, digest)
            row(name, "tag", vector.tag, digest ^ int(vector.mask, 16))
    return rows
