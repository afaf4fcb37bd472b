"""What a driver reads from the board's own registers."""

import zlib

import pytest

from pyralis.boards.shell.registers import CONTENTS, ENTRIES, ENTRY_BYTES, lay_out, register_map
from pyralis.hw.serial.protocol import SHELL


def words(**facts) -> dict[int, int]:
    return {word.offset: word.reset for word in register_map(**facts).words}


def test_contents_have_pages_of_their_own():
    contents = lay_out({"program": bytes(4097), "weights": bytes(4096), "empty": b"", "last": b"x"})
    assert [(content.address, content.end) for content in contents] == [
        (0, 8192),
        (8192, 12288),
        (12288, 12288),
        (12288, 16384),
    ]


def test_map_says_what_lies_where():
    contents = lay_out({"program": b"abc", "weights": b"defg"})
    found = words(clock_hz=62_500_000, memory_bytes=65536, contents=contents)
    assert found[0].to_bytes(4, "big") == b"PyBd"
    assert [found[offset] for offset in (4, 8, 0xC, 0x10, 0x14, 0x18)] == [1, 1, 62_500_000, 65536, 8192, 2]
    for index, (name, address, data) in enumerate([(b"program", 0, b"abc"), (b"weights", 4096, b"defg")]):
        entry = [found[CONTENTS + index * ENTRY_BYTES + 4 * n] for n in range(5)]
        letters = entry[0].to_bytes(4, "little") + entry[1].to_bytes(4, "little")
        assert letters.rstrip(b"\0") == name
        assert entry[2:] == [address, len(data), zlib.crc32(data)]


def test_table_lies_within_the_map():
    contents = lay_out({f"part{n}": b"x" for n in range(ENTRIES)})
    found = words(clock_hz=1, memory_bytes=0, contents=contents)
    assert max(found) < 256 and SHELL % 256 == 0


def test_a_board_without_memory_has_no_entries():
    found = words(clock_hz=100, memory_bytes=0)
    assert found[0x10] == found[0x14] == found[0x18] == 0 and max(found) < CONTENTS


def test_what_the_table_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="memory can hold 6 pieces by name, not 7"):
        lay_out({f"part{n}": b"" for n in range(7)})
    with pytest.raises(ValueError, match=r"a name of 1\.\.8 letters, not 'parameters'"):
        lay_out({"parameters": b""})
    with pytest.raises(ValueError, match=r"not ''"):
        lay_out({"": b""})
