"""The network file: read by numpy alone, and never read wrong."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from pyralis.gen.errors import UserError
from pyralis.gen.intnetwork import IntLayer, IntNetwork, IntNeuron


def network() -> IntNetwork:
    rng = np.random.default_rng(1)

    def layer(name, shape, **settings):
        return IntLayer(
            name=name,
            weight=rng.integers(-128, 128, shape, dtype=np.int8),
            bias=rng.integers(-(1 << 20), 1 << 20, shape[0]),
            threshold=rng.integers(1, 1 << 20, shape[0]),
            weight_scale=rng.random(shape[0]) + 0.1,
            **settings,
        )

    leak = IntNeuron(leak="multiply", leak_value=3000, timing="delayed")
    layers = (
        layer("conv", (5, 2, 3, 3), padding=(1, 1), pool=2, neuron=leak),
        layer("peaks", (5, 5, 3, 3), padding=(1, 1), pool=2, pool_stride=1, pool_of="currents"),
        layer("fc", (3, 5, 3, 3), kind="linear", neuron=IntNeuron(reset="none", inclusive=True)),
    )
    return IntNetwork(
        input_shape=(2, 8, 8),
        time_steps=6,
        layers=layers,
        coding="ternary",
        output="potentials",
        potential_bits=22,
        input_scale=0.25,
        source={"framework": "by hand", "accuracy": 0.5},
    )


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "net.npz"
    network().save(path)
    return path


def rewrite(path, **changes):
    """Writes the file again with other entries; None drops one."""
    with np.load(path) as file:
        entries = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: value for name, value in entries.items() if value is not None})


def with_header(path, **changes):
    """Changes header fields and makes its own hash right again."""
    with np.load(path) as file:
        text = json.dumps(json.loads(file["header"].item()) | changes)
    rewrite(path, header=text, header_sha256=hashlib.sha256(text.encode()).hexdigest())


def test_round_trip(saved):
    loaded, original = IntNetwork.load(saved), network()
    for name in ("input_shape", "time_steps", "coding", "output", "potential_bits", "input_scale", "source"):
        assert getattr(loaded, name) == getattr(original, name)
    for got, want in zip(loaded.layers, original.layers, strict=True):
        for name in ("name", "kind", "stride", "padding", "pool", "pool_stride", "pool_of", "neuron"):
            assert getattr(got, name) == getattr(want, name)
        for name in ("weight", "bias", "threshold", "weight_scale"):
            assert np.array_equal(getattr(got, name), getattr(want, name))
            assert getattr(got, name).dtype == getattr(want, name).dtype


def test_three_lines_of_numpy_read_it(saved):
    file = np.load(saved)
    header = json.loads(file["header"].item())
    weight = file["0.weight"]
    assert np.array_equal(weight, network().layers[0].weight)
    assert header["layers"][0]["neuron"]["leak_value"] == 3000
    assert header["version"] == 1
    assert "real value of one unit" in header["layout"]
    assert (
        header["arrays"]["1.bias"]["sha256"] == hashlib.sha256(network().layers[1].bias.tobytes()).hexdigest()
    )
    file.close()


def test_same_network_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        network().save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UserError, match=r"^the network file cannot be read, it may be cut short") as caught:
        IntNetwork.load(saved)
    assert caught.value.where == str(saved)
    assert caught.value.hint == "export the network again, or copy the file again from its source"


def test_every_flipped_byte_of_content_is_noticed(saved):
    """No change may load as another network: it is refused, or it was in bytes that carry nothing."""
    content, original, refused = saved.read_bytes(), network(), 0
    for position in range(0, len(content), 97):
        saved.write_bytes(content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :])
        try:
            loaded = IntNetwork.load(saved)
        except UserError:
            refused += 1
            continue
        assert all(
            np.array_equal(got.weight, want.weight) and np.array_equal(got.bias, want.bias)
            for got, want in zip(loaded.layers, original.layers, strict=True)
        )
    assert refused > len(content) // 97 // 2


def test_altered_array(saved):
    weight = network().layers[0].weight
    weight[0, 0, 0, 0] ^= 1
    rewrite(saved, **{"0.weight": weight})
    with pytest.raises(UserError, match=r"^array '0.weight' of the network file was altered: its SHA-256"):
        IntNetwork.load(saved)


def test_array_of_another_type(saved):
    rewrite(saved, **{"0.bias": network().layers[0].bias.astype(np.int32)})
    with pytest.raises(UserError, match=r"(?m)^array '0.bias' is <i4 \(5,\), not <i8 \(5,\)$"):
        IntNetwork.load(saved)


def test_missing_array(saved):
    rewrite(saved, **{"1.threshold": None})
    with pytest.raises(UserError, match=r"(?m)^array '1.threshold' is missing from the network file$"):
        IntNetwork.load(saved)


def test_altered_header(saved):
    with np.load(saved) as file:
        text = file["header"].item().replace('"time_steps": 6', '"time_steps": 7')
    rewrite(saved, header=text)
    with pytest.raises(UserError, match=r"^the header of the network file was altered: its SHA-256 does not"):
        IntNetwork.load(saved)


def test_header_without_a_field(saved):
    with_header(saved, layers=[{"name": "conv"}])
    with pytest.raises(UserError, match=r"(?m)^the header of the network file lacks or misnames 'kind'$"):
        IntNetwork.load(saved)


def test_files_from_before_the_pooling_of_currents(saved):
    """They lack the entry, and pool spikes."""
    with np.load(saved) as file:
        layers = json.loads(file["header"].item())["layers"]
    assert [layer.pop("pool_of") for layer in layers] == ["spikes", "currents", "spikes"]
    with_header(saved, layers=layers)
    loaded = IntNetwork.load(saved)
    assert [layer.pool_of for layer in loaded.layers] == ["spikes"] * 3
    assert [layer.pool for layer in loaded.layers] == [2, 2, 1]


def test_other_version(saved):
    with_header(saved, version=2)
    sentence = (
        "(?m)^'pyralis integer network' version 2 cannot be read, only 'pyralis integer network' version 1$"
    )
    with pytest.raises(UserError, match=sentence):
        IntNetwork.load(saved)


def test_values_are_checked_on_loading(saved):
    with_header(saved, time_steps=0)
    with pytest.raises(UserError, match=r"(?m)^time_steps must be in 1..255, not 0$"):
        IntNetwork.load(saved)


def test_not_a_network_file(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(UserError, match=r"(?m)^this .npz is no network file: it has no header$"):
        IntNetwork.load(tmp_path / "other.npz")
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("note.txt", "hello")
    for name in ("single.npy", "text.npz", "zip.npz"):
        with pytest.raises(UserError, match="network file"):
            IntNetwork.load(tmp_path / name)
    with pytest.raises(UserError, match=r"(?m)^there is no such network file$"):
        IntNetwork.load(tmp_path / "nothing.npz")


def test_unwritable_folder_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match=r"^cannot write the network: No such file or directory") as caught:
        network().save(tmp_path / "missing" / "net.npz")
    assert caught.value.hint == "choose a folder that exists and is writable"
    target = tmp_path / "net.npz"
    target.mkdir()
    with pytest.raises(UserError, match=r"^cannot write the network: Is a directory"):
        network().save(target)
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]


def test_invalid_network_is_not_written(tmp_path):
    bad = IntNetwork(input_shape=(2, 8, 8), time_steps=0, layers=network().layers)
    with pytest.raises(UserError, match="time_steps"):
        bad.save(tmp_path / "net.npz")
    assert not list(tmp_path.iterdir())


def test_source_must_fit_into_json(tmp_path):
    bad = IntNetwork(input_shape=(2, 8, 8), time_steps=1, layers=network().layers, source={"x": object()})
    with pytest.raises(UserError, match=r"^source holds what JSON cannot"):
        bad.save(tmp_path / "net.npz")
