"""Layout of pyralis.hw.snn.group."""

from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.group import GroupLayout


def test_one_entry_a_pixel_lane():
    for n in (1, 2, 3):
        layout = GroupLayout(SnnConfig(pixel_lanes=n))
        assert layout.size == 20 * n + 1
        assert layout == GroupLayout(SnnConfig(pixel_lanes=n))
        group = layout.const({"lanes": [{"used": 1, "address": 65535}] * n, "tile_end": 1})
        assert [group.lanes[i].address for i in range(n)] == [65535] * n
        assert [group.lanes[i].first for i in range(n)] == [0] * n
        assert group.tile_end == 1
