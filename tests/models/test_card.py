"""The model card's measured part is written from rows and record, never by hand."""

import json
from pathlib import Path

import pytest
from simpang_models.card import END, fill, read_rows, register, trained
from simpang_models.cli import app
from simpang_models.evaluate import Row
from typer.testing import CliRunner

CARD = f"# A\n<!-- card: measured -->\nold\n{END}\nkept\n<!-- card: training -->\n{END}\n"
ROWS = [
    Row("net", "640x384", "ort-int8", "all", "any_vehicle_ap0.4", 0.875),
    Row("net", "640x384", "ort-int8", "all", "bus_ap0.5", None),
    Row("net", "640x384", "openvino-bf16", "all", "any_vehicle_ap0.4", 0.5),
    Row("net", "960x544", "ort-int8", "all", "any_vehicle_ap0.4", 0.25),
]
RECORD = {
    "steps": 100,
    "minutes": 2.5,
    "sessions": [
        {"from_step": 0, "revision": "a" * 40, "pictures": 7, "data_sha256": "b" * 64, "settings": {"seed": 3}}
    ],
    "curve": [{"step": 50, "cls": 0.5, "box": 0.25}, {"step": 100, "cls": 0.25, "box": 0.125}],
}


def test_only_what_stands_between_the_markers_changes() -> None:
    """The old text goes, the new one comes, and everything else stays."""
    assert fill(CARD, "measured", "new") == CARD.replace("old", "new")


@pytest.mark.parametrize("text", ["none", "<!-- card: measured --> without end"], ids=["no marker", "no end"])
def test_a_card_without_markers_is_refused(text: str) -> None:
    """The message quotes the marker that is looked for."""
    with pytest.raises(ValueError, match="<!-- card: measured -->"):
        fill(text, "measured", "new")


def test_the_training_is_told_with_its_curve() -> None:
    """Steps, time, revision, data hash, settings and both points of the curve."""
    text = trained(RECORD)
    assert text.startswith("100 steps in 2.5 minutes.")
    assert "| 0 | aaaaaaaaaaaa | 7 | bbbbbbbbbbbbbbbb | seed 3 |" in text
    assert text.splitlines()[-2:] == ["| 50 | 0.500 | 0.250 |", "| 100 | 0.250 | 0.125 |"]


def test_the_registry_takes_the_figures_of_its_model() -> None:
    """All sets, 640x384, ONNX Runtime; unknown values are left out, other models stay."""
    entry = '[[model]]\nname = "{}"\nfile = "x"\n\n[model.figures]\n"any_vehicle_ap0.4" = 0.1\n"bus_ap0.5" = 0.2\n\n'
    found = register(entry.format("net") + entry.format("other"), ROWS)
    new = '[[model]]\nname = "net"\nfile = "x"\n\n[model.figures]\n"any_vehicle_ap0.4" = 0.875\n\n'
    assert found == new + entry.format("other")


def test_other_files_are_no_rows(tmp_path: Path) -> None:
    """A JSON file of another kind is named."""
    path = tmp_path / "rows.json"
    path.write_text('[{"model": "net"}]')
    with pytest.raises(ValueError, match=r"rows\.json"):
        read_rows(path)


def test_the_command_writes_the_card(tmp_path: Path) -> None:
    """Tables and training stand in the file afterwards; a model that names no bus has no figure for it."""
    rows, record, card = tmp_path / "rows.json", tmp_path / "record.json", tmp_path / "card.md"
    rows.write_text(json.dumps([r.__dict__ for r in ROWS]))
    record.write_text(json.dumps(RECORD))
    card.write_text(CARD)
    words = ["card", "--rows", str(rows), "--card", str(card), "--record", str(record)]
    assert CliRunner().invoke(app, words).exit_code == 0
    text = card.read_text()
    assert "**all, any vehicle**" in text
    assert "| net | 640x384 | ort-int8 | 0.875 | – |" in text
    assert "100 steps in 2.5 minutes." in text
    assert "old" not in text
