"""Feature-map words, compared with loops over bits."""

import numpy as np
import pytest

from pyralis.boards.runtime.words import WordLayout


@pytest.mark.parametrize("words", [WordLayout(4, 2, 1), WordLayout(8, 4, 4), WordLayout(6, 1, 1)])
def test_maps_lie_by_pixel_tile_and_group(words):
    spikes = np.random.default_rng(1).integers(0, 2, (2, 5, 9, 2, 3)).astype(np.uint8)
    packed = words.pack(spikes)
    tiles, groups = words.tiles(9, 5)
    assert packed.shape == (2, 2, 3, tiles, groups, words.word_bytes)
    for b, y, x, tile, group in np.ndindex(packed.shape[:-1]):
        expected = 0
        for step in range(words.step_lanes):
            for lane in range(words.in_lanes):
                t, c = group * words.step_lanes + step, tile * words.in_lanes + lane
                if t < 5 and c < 9:
                    expected |= int(spikes[b, t, c, y, x]) << (step * words.in_lanes + lane)
        assert int.from_bytes(packed[b, y, x, tile, group].tobytes(), "little") == expected
    assert (words.unpack(packed, 9, 5) == spikes).all()


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_planes_begin_with_the_most_significant_group(steps):
    words = WordLayout(2, steps, max(1, 2 * steps // 8))
    pixels = np.arange(-128, 128).astype(np.int8).reshape(2, 2, 8, 8)
    planes = words.unpack(words.pack_planes(pixels), 2, 8).astype(np.int64)
    groups = 8 // steps
    value = sum(planes[:, n] << ((groups - 1 - n // steps) * steps + n % steps) for n in range(8))
    assert ((value ^ 128) - 128 == pixels).all()
