"""What is written from a register map says what the map says, and other tools can read it."""

import json
import runpy
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pyralis.gen.emit.registers import to_c_header, to_json, to_svd

TESTS = Path(__file__).parents[2]
EXAMPLE = runpy.run_path(str(TESTS / "hw" / "axi" / "map_example.py"))["EXAMPLE"]


def test_json_holds_every_word_and_field():
    content = json.loads(to_json(EXAMPLE))
    assert content["format"] == "pyralis-registers-1" and content["name"] == "example"
    words = {word["name"]: word for word in content["words"]}
    assert [words[word.name]["offset"] for word in EXAMPLE.words] == [word.offset for word in EXAMPLE.words]
    assert words["cycles_hi"]["pair"] == "cycles" and words["status"]["pair"] is None
    fault = words["status"]["fields"][2]
    assert fault == {
        "name": "fault",
        "lsb": 16,
        "width": 8,
        "access": "ro",
        "reset": 0,
        "values": {"none": 0, "bus": 2, "timeout": 9},
        "doc": "Why it stopped.",
    }
    assert [field["name"] for field in words["mixed_lo"]["fields"]] == ["flags_lo"]
    assert [field["name"] for field in words["mixed_hi"]["fields"]] == ["flags_hi", "top"]
    assert words["base_hi"]["fields"][0]["reset"] == words["base_hi"]["reset"] == 1


def test_c_header_compiles_and_has_the_values(tmp_path):
    (tmp_path / "example.h").write_text(to_c_header(EXAMPLE))
    names = {
        "EXAMPLE_BYTES": 256,
        "EXAMPLE_STATUS": 8,
        "EXAMPLE_CYCLES_HI": 0x14,
        "EXAMPLE_STATUS_EVENTS_LSB": 1,
        "EXAMPLE_STATUS_EVENTS_MASK": 0x7FE,
        "EXAMPLE_STATUS_FAULT_TIMEOUT": 9,
        "EXAMPLE_IDENTITY_RESET": 0x50594C31,
        "EXAMPLE_MIXED_HI_TOP_MASK": 0xF0000000,
        "EXAMPLE_SCRATCH_VALUE_MASK": 0xFFFFFFFF,
    }
    prints = "\n".join(f'printf("%llu\\n", (unsigned long long){name});' for name in names)
    source = tmp_path / "main.c"
    source.write_text(
        '#include <stdio.h>\n#include "example.h"\n#include "example.h"\n'
        f"int main(void) {{\n{prints}\nreturn 0; }}\n"
    )
    program = tmp_path / "main"
    subprocess.run(["g++", "-x", "c++", "-std=c++11", "-Wall", "-Werror", source, "-o", program], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    assert [int(line) for line in output.split()] == list(names.values())


def test_svd_is_a_device_with_every_word():
    device = ET.fromstring(to_svd(EXAMPLE, base=0xA0000000))
    assert device.tag == "device" and device.get("schemaVersion") == "1.3"
    peripheral = device.find("peripherals/peripheral")
    assert peripheral.findtext("baseAddress") == "0xA0000000"
    assert peripheral.findtext("addressBlock/size") == "0x100"
    registers = {register.findtext("name"): register for register in peripheral.iter("register")}
    assert list(registers) == [word.name.upper() for word in EXAMPLE.words]
    for word in EXAMPLE.words:
        register = registers[word.name.upper()]
        assert int(register.findtext("addressOffset"), 16) == word.offset
        assert int(register.findtext("resetValue"), 16) == word.reset
        places = [
            (int(field.findtext("bitOffset")), int(field.findtext("bitWidth")))
            for field in register.iter("field")
        ]
        assert places == [(part.lsb, part.width) for part in word.parts]
    events, fault = list(registers["STATUS"].iter("field"))[1:3]
    assert (
        events.findtext("access") == "read-write" and events.findtext("modifiedWriteValues") == "oneToClear"
    )
    values = {value.findtext("name"): value.findtext("value") for value in fault.iter("enumeratedValue")}
    assert values == {"NONE": "0", "BUS": "2", "TIMEOUT": "9"}
    order = [child.tag for child in events]
    assert order == ["name", "description", "bitOffset", "bitWidth", "access", "modifiedWriteValues"]


@pytest.mark.parametrize("write", [to_json, to_c_header, to_svd])
def test_same_text_every_time_and_everything_named(write):
    text = write(EXAMPLE)
    assert text == write(EXAMPLE) and text.endswith("\n")
    for word in EXAMPLE.words:
        assert word.name in text.lower()
