"""Layouts of pyralis.hw.snn.slot."""

from amaranth import Signal

from pyralis.hw.snn.array import SlotLayout
from pyralis.hw.snn.config import PRESETS
from pyralis.hw.snn.program import LAYER
from pyralis.hw.snn.slot import SETTINGS, SlotTag, TaggedSlot, settings_of


def test_settings_are_fields_of_the_layer_descriptor():
    fields = dict(LAYER)
    for name, field in SETTINGS:
        assert field.shape == fields[name].shape, name
    assert list(settings_of(Signal(LAYER))) == [name for name, _ in SETTINGS]


def test_a_slot_carries_its_tag_and_the_arrays_currents():
    for config in PRESETS.values():
        slot = TaggedSlot(config)
        assert slot["tag"].shape == SlotTag(config)
        assert slot["currents"].shape == SlotLayout(config)
        tag = SlotTag(config)
        assert tag["index"].width == (config.slots - 1).bit_length()
        assert (tag["active"].width, tag["real"].width) == (config.step_lanes, config.neuron_lanes)
