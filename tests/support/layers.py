"""Random layers for the benches of the walk and the sequencer: descriptor fields by the real compiler."""

import random

import numpy as np

from pyralis.gen.intnetwork import IntLayer, IntNetwork
from pyralis.gen.snn.compile import LayerPlan, compile_network
from pyralis.hw.snn.config import SnnConfig
from pyralis.hw.snn.program import LAYER


def layer_word(fields: dict) -> int:
    """The LAYER descriptor with *fields* as one integer."""
    return LAYER.const({**fields, "version": 1, "index": 0}).as_value().value


def random_plan(config: SnnConfig, rng: random.Random) -> LayerPlan:
    """First layer of a small event network: any kernel, stride, padding, pooling, channels and step count."""
    while True:
        height, width, channels = rng.randint(1, 7), rng.randint(1, 7), rng.choice([1, 3, 8, 11, 20])
        kernel = (rng.randint(1, min(4, height + 2)), rng.randint(1, min(4, width + 2)))
        outputs = rng.choice([3, 8, 17])
        layer = IntLayer(
            name="layer",
            weight=np.zeros((outputs, channels, *kernel), dtype=np.int8),
            bias=np.zeros(outputs, dtype=np.int64),
            threshold=np.ones(outputs, dtype=np.int64),
            stride=rng.randint(1, 3),
            padding=(rng.randint(0, 2), rng.randint(0, 2)),
            pool=rng.choice([1, 1, 2, 3]),
            pool_stride=rng.choice([1, 2, 3]),
        )
        rows, columns = layer.map_shape((channels, height, width))[1:]
        if min(rows, columns) < layer.pool:
            continue
        images = rng.choice([1, 1, 2])
        shape = layer.pooled_shape((channels, height, width))
        last = IntLayer(
            name="last",
            kind="linear",
            weight=np.zeros((1, *shape), dtype=np.int8),
            bias=np.zeros(1, dtype=np.int64),
            threshold=np.ones(1, dtype=np.int64),
        )
        network = IntNetwork(
            input_shape=(channels, height, width),
            coding="events",
            time_steps=rng.choice([1, 4, 6]),
            layers=(layer, last),
        )
        return compile_network(network, config, images=images).layers[0]


def pixels(plan: LayerPlan) -> list[dict]:
    """Unpooled output pixels in the order of computation, with everything that the walk says about each."""
    f = plan.fields
    found = []
    target = 0
    pixel_words = f["in_tiles"] * f["in_groups"]
    for image in range(f["images"]):
        for row in range(f["out_height"]):
            for column in range(f["out_width"]):
                for wy in range(f["pool_size"]):
                    for wx in range(f["pool_size"]):
                        y = (row * f["pool_stride"] + wy) * f["stride"] - f["pad_top"]
                        x = (column * f["pool_stride"] + wx) * f["stride"] - f["pad_left"]
                        last = wy == wx == f["pool_size"] - 1
                        found.append({
                            "y": y,
                            "x": x,
                            "address": (image * f["in_image_words"] + y * f["in_row_words"] + x * pixel_words)
                            % 65536,
                            "target": target,
                            "first": int(wy == wx == 0),
                            "last": int(last),
                            "row": int(last and column == f["out_width"] - 1),
                            "rows": image * f["in_height"]
                            + min(max(y + f["kernel_height"], 0), f["in_height"]),
                        })
                target += f["out_pixel_words"]
    return found


def groups(plan: LayerPlan, lanes: int) -> list[list[dict]]:
    """The pixels of one tile in groups of *lanes*."""
    every = pixels(plan)
    return [every[n : n + lanes] for n in range(0, len(every), lanes)]
