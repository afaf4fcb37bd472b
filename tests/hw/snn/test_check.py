"""Legality rules of pyralis.hw.snn.check, one by one.

Every rule is tried on a legal descriptor of which one or two fields are changed, on the last legal and on the
first illegal value where there are two.
"""

import pytest
from amaranth.sim import Simulator

from pyralis.hw.snn.check import Check
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import (
    END,
    LAYER,
    LOAD,
    STORE,
    VERSION,
    ErrorCode,
    Leak,
    Opcode,
    Output,
    Reset,
    Timing,
)
from pyralis.hw.snn.words import word_beats

CONFIG = SnnConfig(out_lanes=16, in_lanes=16, bus_bits=128, map_words=512)
"""M 16, V 16, S 4; a map word is 64 bits, so two lie in a beat of 16 bytes."""

HEADERS = {
    END: {"opcode": Opcode.END, "version": VERSION},
    LOAD: {"opcode": Opcode.LOAD, "version": VERSION},
    LAYER: {"opcode": Opcode.LAYER, "version": VERSION},
    STORE: {"opcode": Opcode.STORE, "version": VERSION},
}

WORDS = {"words": 33, "beats": 17, "source": 64}
SQUARE = {"height": 8, "width": 8, "channels": 3, "fold": 3, "pad_left": 1, "pad_right": 1}
PIXELS = {"pixels": 1, "words": 512, "beats": 12, "source": 16} | SQUARE
STORED = {"words": 33, "beats": 17, "target": 32}
SIZES = {
    8: "in_height in_width",
    4: "out_height out_width",
    3: "kernel_height kernel_width",
    2: "in_tiles out_tiles in_groups out_groups pool_size pool_stride",
    1: "images stride pool pad_top pad_left",
    20: "out_channels",
    7: "time_steps",
    18: "tile_words",
    576: "weight_beats",
    4096: "weight_address",
}
NEURON = {"leak": Leak.MULTIPLY, "leak_value": 3000, "reset": Reset.SUBTRACT, "timing": Timing.DELAYED}
CONVOLUTION = {name: value for value, names in SIZES.items() for name in names.split()} | NEURON
PLAIN = CONVOLUTION | {"pool": 0, "pool_size": 1, "pool_stride": 1}
ONE_RESULT = {"output": Output.COUNTS, "result_address": 256, "result_beats": 5, "argmax": 1}
RESULTS = PLAIN | {"out_height": 1, "out_width": 1} | ONE_RESULT
PLANES = CONVOLUTION | {"planes": 1, "in_groups": 2, "time_steps": 12, "out_groups": 3}


def bits(layout, fields: dict) -> int:
    return layout.const({**HEADERS[layout], **fields}).as_bits()


def put(layout, descriptor: int, **fields: int) -> int:
    """Overwrites fields by raw values, which enumerations would refuse."""
    for name, value in fields.items():
        field = layout[name]
        mask = (1 << field.width) - 1
        assert value & mask == value, f"{name} cannot hold {value}"
        descriptor = descriptor & ~(mask << field.offset) | value << field.offset
    return descriptor


def codes(config: SnnConfig, descriptors: list[int]) -> list[ErrorCode]:
    check = Check(config)
    found = []

    async def bench(context):
        for descriptor in descriptors:
            context.set(check.descriptor, descriptor)
            await context.delay(1e-9)
            found.append(ErrorCode(context.get(check.code)))

    simulator = Simulator(check)
    simulator.add_testbench(bench)
    simulator.run()
    return found


LEGAL = {
    "end": (END, {}),
    "words": (LOAD, WORDS),
    "pixels": (LOAD, PIXELS),
    "store": (STORE, STORED),
    "convolution": (LAYER, CONVOLUTION),
    "results": (LAYER, RESULTS),
    "planes": (LAYER, PLANES),
    "plain": (LAYER, PLAIN),
}

AT_THE_BOUND = [
    ("words", {"words": 512, "beats": 256}),
    ("words", {"words": 32, "beats": 16}),
    ("words", {"beats": 40}),  # more than the words need: the rest is dropped
    ("words", {"height": 0, "channels": 0}),  # pixel fields mean nothing here
    ("words", {"buffer": 1, "index": 65535}),
    ("pixels", {"channels": 5}),
    ("pixels", {"channels": 16, "fold": 1}),
    ("pixels", {"width": 1}),
    ("pixels", {"width": 65535, "height": 65535}),  # too many words, but that takes a product to see
    ("store", {"words": 34}),
    ("store", {"words": 512, "beats": 256}),
    ("convolution", {"in_height": 512, "in_width": 512}),
    ("convolution", {"out_height": 512, "out_width": 512}),
    ("convolution", {"kernel_height": 32767, "kernel_width": 32767}),
    ("convolution", {"out_channels": 17}),
    ("convolution", {"out_channels": 32}),
    ("convolution", {"time_steps": 8}),
    ("convolution", {"pad_top": 0, "pad_left": 255}),
    ("convolution", {"tile_words": 1 << 20}),  # streams through in a single pass
    ("convolution", {"leak": Leak.SHIFT.value, "leak_value": 1}),
    ("convolution", {"leak": Leak.SHIFT.value, "leak_value": 15}),
    ("convolution", {"leak": Leak.NONE.value, "leak_value": 0}),
    ("convolution", {"leak": Leak.MULTIPLY.value, "leak_value": 65535}),
    ("convolution", {"timing": Timing.COMPENSATED.value, "reset": Reset.ZERO.value}),
    ("results", {"output": Output.POTENTIALS.value}),
    ("results", {"out_height": 32767, "out_width": 600, "argmax": 0}),
    ("results", {"images": 2, "argmax": 0}),
]

SHAPE = (
    "in_height",
    "in_width",
    "kernel_height",
    "kernel_width",
    "out_height",
    "out_width",
    "in_tiles",
    "out_tiles",
)
SHAPE += (
    "out_channels",
    "images",
    "in_groups",
    "out_groups",
    "time_steps",
    "stride",
    "pool_size",
    "pool_stride",
)
SHAPE += ("tile_words", "weight_beats")

FAULTS = [
    *(("convolution", {name: 0}) for name in SHAPE),
    *(
        ("plain", {name: 513})
        for name in ("in_height", "in_width", "in_tiles", "images", "out_height", "out_width")
    ),
    ("plain", {"out_tiles": 513, "out_channels": 513 * 16}),
    *(("results", {name: 32768, "argmax": 0}) for name in ("kernel_height", "kernel_width")),
    *(("results", {name: 32768, "argmax": 0}) for name in ("out_height", "out_width")),
    ("convolution", {"out_channels": 33}),
    ("convolution", {"out_channels": 0, "out_tiles": 0}),
    ("convolution", {"out_channels": 16}),
    ("convolution", {"time_steps": 9}),
    ("convolution", {"in_groups": 3}),
    ("planes", {"in_groups": 3}),
    ("planes", {"in_groups": 1}),
    ("plain", {"pool_size": 2}),
    ("convolution", {"output": 3}),
    ("results", {"output": 3}),
    ("convolution", {"leak": 3}),
    ("convolution", {"reset": 3}),
    ("convolution", {"timing": 3}),
    ("convolution", {"leak": Leak.SHIFT.value, "leak_value": 0}),
    ("convolution", {"leak": Leak.SHIFT.value, "leak_value": 16}),
    *(("convolution", {"weight_address": 4096 + offset}) for offset in (1, 2, 4, 8)),
    *(("results", {"result_address": offset}) for offset in (1, 2, 4, 8)),
    ("convolution", {"result_beats": 1}),
    ("results", {"result_beats": 0}),
    ("results", {"pool": 1}),
    ("plain", {"pool_currents": 1}),
    ("convolution", {"pool_currents": 1, "time_steps": 20, "out_groups": 5, "in_groups": 5}),
    ("convolution", {"argmax": 1}),
    *(("results", {name: 2}) for name in ("out_height", "out_width", "images")),
    ("words", {"words": 0}),
    ("words", {"words": 513, "beats": 257}),
    ("words", {"words": 1 << 31}),
    ("words", {"beats": 16}),
    ("words", {"beats": 0}),
    *(("words", {"source": offset}) for offset in (1, 2, 4, 8)),
    ("pixels", {"words": 0}),
    ("pixels", {"words": 513}),
    ("pixels", {"beats": 0}),
    ("pixels", {"source": 8}),
    *(("pixels", {name: 0}) for name in ("height", "width", "channels", "fold")),
    ("pixels", {"width": 0, "fold": 1}),
    ("pixels", {"channels": 6}),
    ("pixels", {"channels": 17, "fold": 1}),
    ("pixels", {"channels": 128, "fold": 2}),
    ("pixels", {"channels": 2, "fold": 32, "width": 64}),
    ("pixels", {"channels": 32, "fold": 2}),
    ("pixels", {"width": 1, "pad_left": 0}),
    ("store", {"words": 0, "beats": 0}),
    ("store", {"words": 513, "beats": 257}),
    ("store", {"words": 35}),
    ("store", {"beats": 18}),
    ("store", {"beats": 0}),
    *(("store", {"target": offset}) for offset in (1, 2, 4, 8)),
]


def test_legal_descriptors_and_their_bounds():
    assert PIXELS["words"] == CONFIG.map_words
    assert WORDS["beats"] == STORED["beats"] == word_beats(CONFIG, 33)
    cases = [(name, {}) for name in LEGAL] + AT_THE_BOUND
    descriptors = [put(LEGAL[name][0], bits(*LEGAL[name]), **change) for name, change in cases]
    wrong = [
        case for case, code in zip(cases, codes(CONFIG, descriptors), strict=True) if code != ErrorCode.NONE
    ]
    assert not wrong


def test_every_fault_is_found():
    descriptors = [put(LEGAL[name][0], bits(*LEGAL[name]), **change) for name, change in FAULTS]
    wrong = [
        case for case, code in zip(FAULTS, codes(CONFIG, descriptors), strict=True) if code != ErrorCode.FIELD
    ]
    assert not wrong


def test_header():
    changes = [{"version": VERSION + 1}, {"version": 0}, {"opcode": 4}, {"opcode": 255}]
    changes += [{"opcode": 4, "version": VERSION + 1}]
    expected = [ErrorCode.VERSION] * 2 + [ErrorCode.OPCODE] * 2 + [ErrorCode.VERSION]
    for layout, fields in LEGAL.values():
        descriptor = bits(layout, fields)
        assert codes(CONFIG, [put(layout, descriptor, **change) for change in changes]) == expected
    assert codes(CONFIG, [0, (1 << 1024) - 1]) == [ErrorCode.VERSION] * 2, "empty or erased memory"


def test_windows_hold_as_many_bytes_as_there_are_lanes():
    sizes = [(channels, fold) for channels in range(1, 20) for fold in range(1, 20)]
    cases = [
        bits(LOAD, PIXELS | {"width": 32, "channels": channels, "fold": fold}) for channels, fold in sizes
    ]
    for (channels, fold), code in zip(sizes, codes(CONFIG, cases), strict=True):
        assert code == (ErrorCode.FIELD if channels * fold > 16 else ErrorCode.NONE), (channels, fold)


def test_a_core_without_multipliers_refuses_multiplied_leak():
    config = SnnConfig(out_lanes=16, in_lanes=16, bus_bits=128, leak="shift")
    shifted = put(LAYER, bits(LAYER, CONVOLUTION), leak=Leak.SHIFT.value, leak_value=4)
    assert codes(config, [bits(LAYER, CONVOLUTION), shifted]) == [ErrorCode.FIELD, ErrorCode.NONE]


def test_a_map_of_two_words_bounds_the_step_groups():
    config = SnnConfig(out_lanes=16, in_lanes=16, bus_bits=128, map_words=2)
    small = PLAIN | dict.fromkeys(("in_height", "in_width", "out_height", "out_width"), 1)
    small |= {"in_groups": 3, "out_groups": 3, "time_steps": 12}
    counted = small | ONE_RESULT
    planes = counted | {"planes": 1, "in_groups": 2}
    assert codes(config, [bits(LAYER, fields) for fields in (small, counted, planes)]) == [
        *(ErrorCode.FIELD, ErrorCode.FIELD, ErrorCode.NONE)
    ]
    spikes = planes | {"output": Output.SPIKES, "result_beats": 0, "argmax": 0}
    fits = spikes | {"out_groups": 2, "time_steps": 8}
    assert codes(config, [bits(LAYER, spikes), bits(LAYER, fits)]) == [ErrorCode.FIELD, ErrorCode.NONE]


def test_the_largest_map_still_has_signed_coordinates():
    config = SnnConfig(out_lanes=16, in_lanes=16, bus_bits=128, map_words=1 << 15)
    for name in ("in_height", "in_width", "out_height", "out_width"):
        cases = [bits(LAYER, PLAIN | {name: value}) for value in (32767, 32768)]
        assert codes(config, cases) == [ErrorCode.NONE, ErrorCode.FIELD], name
    assert codes(config, [bits(LAYER, PLAIN | {"images": 32768})]) == [ErrorCode.NONE]


@pytest.mark.parametrize(
    ("config", "beats"),
    [
        pytest.param(SnnConfig(bus_bits=64), 3, id="two-words-a-beat"),
        pytest.param(SnnConfig(bus_bits=32), 5, id="a-word-a-beat"),
        pytest.param(
            SnnConfig(out_lanes=16, in_lanes=16, step_lanes=8, bus_bits=32), 20, id="four-beats-a-word"
        ),
        pytest.param(
            SnnConfig(out_lanes=12, in_lanes=6, step_lanes=1, neuron_lanes=2, bus_bits=32), 2, id="byte-words"
        ),
    ],
)
def test_beats_follow_from_words(config, beats):
    needed = word_beats(config, 5)
    assert needed == beats
    stores = [
        put(STORE, bits(STORE, {"words": 5, "beats": 1}), beats=n) for n in (needed - 1, needed, needed + 1)
    ]
    assert codes(config, stores) == [ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.FIELD]
    loads = [
        put(LOAD, bits(LOAD, {"words": 5, "beats": 1}), beats=n) for n in (needed - 1, needed, needed + 1)
    ]
    assert codes(config, loads) == [ErrorCode.FIELD, ErrorCode.NONE, ErrorCode.NONE]
