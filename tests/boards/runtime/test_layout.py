"""The way in and out of a network, compared with loops over the text of hw/snn/program.py."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pyralis.boards.runtime.errors import DriverError
from pyralis.boards.runtime.layout import JobLayout, ResultPart
from pyralis.boards.runtime.words import WordLayout

LAYOUT = JobLayout(
    input_shape=(2, 5, 3),
    coding="direct",
    time_steps=3,
    input_scale=0.25,
    input_range=(-128, 127),
    images_per_run=2,
    input_stride=64,
    output_stride=2 * 2 * 3 * 4 * 4 + 2 * 2 * 1 * 4 * 4 + 32,
    raw_pixels=True,
    beat_bytes=8,
    words=WordLayout(4, 2, 1),
    input_rows=((0, 3), (2, 5)),
    out_lanes=4,
    out_shape=(5, 4, 1),
    results=(ResultPart(0, 2, 3), ResultPart(2 * 2 * 3 * 4 * 4, 2, 1)),
)


def test_a_layout_survives_json():
    facts = json.loads(json.dumps({**LAYOUT.to_json(), "resident": True}))
    assert JobLayout.from_json(facts) == LAYOUT
    del facts["words"]
    with pytest.raises(DriverError) as caught:
        JobLayout.from_json(facts)
    assert caught.value.what == "the network's facts in manifest.json have no 'words'"
    assert caught.value.hint == (
        "generate the core again with the version of Pyralis that this driver comes from"
    )


def test_raw_pixels_lie_row_by_row_in_strips_of_whole_beats():
    pixels = np.random.default_rng(1).integers(-128, 128, (3, 2, 5, 3)).astype(np.int8)
    packed = LAYOUT.pack(pixels)
    expected = b""
    for run in (pixels[:2], np.stack([pixels[2], np.zeros_like(pixels[0])])):
        for low, high in ((0, 3), (2, 5)):
            strip = b"".join(
                int(image[c, y, x]).to_bytes(1, "little", signed=True)
                for image in run
                for y in range(low, high)
                for x in range(3)
                for c in range(2)
            )
            expected += strip + bytes(-len(strip) % 8)
    assert packed == expected


def test_results_lie_by_strip_tile_image_pixel_and_lane():
    values = np.random.default_rng(2).integers(-(2**31), 2**31, (4, 5, 4, 1))
    memory = np.full((2, LAYOUT.output_stride // 4), 99, "<i4")
    for image in range(4):
        run, place = divmod(image, 2)
        for begin, low, rows in ((0, 0, 3), (48, 3, 1)):
            for c in range(5):
                for y in range(rows):
                    index = begin + (((c // 4) * 2 + place) * rows + y) * 4 + c % 4
                    memory[run, index] = values[image, c, low + y, 0]
    assert (LAYOUT.unpack(memory.tobytes(), 4) == values.reshape(4, 20)).all()
    assert (LAYOUT.unpack(memory.tobytes(), 3) == values[:3].reshape(3, 20)).all()
    assert LAYOUT.unpack(memory.tobytes(), 3).dtype == np.int64


@pytest.mark.parametrize("coding", ["events", "ternary"])
def test_frames_become_channels(coding):
    layout = replace(
        LAYOUT, coding=coding, raw_pixels=False, input_range=(-1, 1), images_per_run=1, input_rows=((0, 5),)
    )
    frames = np.random.default_rng(3).integers(-1 if coding == "ternary" else 0, 2, (2, 3, 2, 5, 3))
    words = np.frombuffer(layout.pack(frames), np.uint8).reshape(2, -1)
    for image in range(2):
        bits = []
        for y in range(5):
            for x in range(3):
                for group in range(2):  # one tile of 4 channels
                    word = 0
                    for step in range(2):
                        for c in range(4):
                            t = 2 * group + step
                            if t >= 3 or (coding == "events" and c >= 2):
                                continue
                            pixel = frames[image, t, c % 2, y, x]
                            word |= int(pixel == (1 if c < 2 else -1)) << (step * 4 + c)
                    bits.append(word)
        padded = bits + [0] * (-len(bits) % 8)
        assert words[image].tolist() == padded
    assert layout.image_shape == (3, 2, 5, 3)


def test_no_images_are_no_bytes():
    assert LAYOUT.pack(np.zeros((0, 2, 5, 3), np.int8)) == b""
    assert (LAYOUT.runs(0), LAYOUT.runs(1), LAYOUT.runs(3)) == (0, 1, 2)


@pytest.mark.parametrize(
    ("inputs", "what", "hint"),
    [
        (
            np.zeros((2, 5, 3), np.int8),
            "the network takes inputs of shape (images, 2, 5, 3), not (2, 5, 3)",
            "add the image dimension, or export the network with this input shape",
        ),
        (
            np.zeros((1, 2, 5, 3)),
            "the network takes integers, not float64",
            "divide by the input scale 0.25, round and convert to int8",
        ),
        (
            np.full((1, 2, 5, 3), 128),
            "direct inputs must lie in -128..127, but these reach 128..128",
            "scale and clip them as the export report says",
        ),
    ],
)
def test_wrong_inputs_are_sentences(inputs, what, hint):
    with pytest.raises(DriverError) as caught:
        LAYOUT.pack(inputs)
    assert (caught.value.what, caught.value.hint) == (what, hint)
