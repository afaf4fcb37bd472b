"""Templates of texts: values as they are, nothing forgotten."""

import jinja2
import pytest

from pyralis.gen.emit.template import render


def test_values_stand_as_they_are_and_lines_end_where_they_end(monkeypatch, tmp_path):
    (tmp_path / "t.j2").write_text("{% if yes %}\na < {{ b }}\n{% endif %}\n")
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    assert render("p", "t.j2", yes=True, b='"x"') == 'a < "x"\n'


def test_a_missing_value_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "t.j2").write_text("{{ b }}")
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(jinja2.UndefinedError, match="'b' is undefined"):
        render("p", "t.j2")
