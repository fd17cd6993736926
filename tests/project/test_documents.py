"""The documents say what the code does."""

import re
from pathlib import Path

import msgspec
import pytest
from simpang_edge.message import CycleRow, FlowRow, FlowX

PLANNER = (Path(__file__).parents[2] / "docs" / "planner.md").read_text()
ENVELOPE = {"id", "type", "x"}
"""Who the row is and the object that its fields stand in: nothing to define."""


@pytest.mark.parametrize("row", [FlowRow, FlowX, CycleRow])
def test_every_published_field_is_defined_for_planners(row: type[msgspec.Struct]) -> None:
    """Each field of a window's and a cycle's row stands in the first column of the planners' table."""
    names = {field.encode_name for field in msgspec.structs.fields(row)} - ENVELOPE
    first = [line.split("|")[1] for line in PLANNER.splitlines() if line.startswith("|")]
    defined = {name for cell in first for name in re.findall(r"`([A-Za-z0-9_]+)`", cell)}
    assert names - defined == set()
