"""The first words of every map."""

from pyralis.hw.axi.identity import identification, side_by_side


def test_identification_and_versions():
    ident, version = identification(int.from_bytes(b"PyXY", "big"), registers=3, program=2)
    assert (ident.offset, ident.fields[0].reset, ident.doc) == (0, 0x50795859, "Identification, 'PyXY'.")
    assert [(f.name, f.lsb, f.reset, f.access) for f in version.fields] == [
        ("registers", 0, 3, "const"),
        ("program", 16, 2, "const"),
    ]
    assert [f.doc for f in version.fields] == ["Version of this map.", "Version of the descriptors."]


def test_fields_stand_without_gaps():
    fields = side_by_side(("a", 3, 5), ("b", 8, 1), ("c", 1, 0))
    assert [(f.name, f.lsb, f.width, f.reset) for f in fields] == [
        ("a", 0, 3, 5),
        ("b", 3, 8, 1),
        ("c", 11, 1, 0),
    ]
