"""pyralis.hw.serial.protocol: its constants against those of the host in tests/support, and of RFC 1055."""

import re

import pytest
import serialhost

from pyralis.hw.serial import protocol


@pytest.mark.parametrize("kind", [protocol.Command, protocol.Status])
def test_numbers_are_those_of_the_host(kind):
    assert {member.name: member.value for member in kind} == {
        member.name: getattr(serialhost, member.name) for member in kind
    }


def test_escapes_are_those_of_the_rfc():
    # RFC 1055 gives them in octal.
    assert (protocol.END, protocol.ESC) == (0o300, 0o333)
    assert (protocol.ESC_END, protocol.ESC_ESC) == (0o334, 0o335)


def test_sizes_are_those_of_the_frames():
    body = serialhost.request(serialhost.READ, 1, 0, count=1)
    assert len(body) == protocol.REQUEST_HEADER_BYTES + 4
    assert serialhost.LONGEST == protocol.REQUEST_HEADER_BYTES + 4 * protocol.MAX_WORDS + 4
    assert serialhost.open_reply(serialhost.escape(serialhost.checked(bytes(protocol.REPLY_HEADER_BYTES))))


def test_every_verdict_of_a_frame_stands_in_the_description():
    order = re.search(r"The first of ([A-Z, \n]+) that applies", protocol.__doc__)[1].replace("\n", " ")
    names = [name.strip() for name in order.split(",")]
    others = {"OK", "BUS", "TIMEOUT"}
    assert sorted(names) == sorted({status.name for status in protocol.Status} - others)
