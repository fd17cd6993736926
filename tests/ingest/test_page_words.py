"""The texts of the page."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from simpang_edge.data import EventType
from simpang_ingest.page import words as module
from simpang_ingest.page.faces import Face
from simpang_ingest.page.settings import LANGUAGES
from simpang_ingest.page.words import EN, ID, Words, words_in

KEYS = [field.name for field in fields(Words)]
PAGE = Path(module.__file__).parent


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_exists_in_every_language(language: str) -> None:
    """No key is empty, and the texts are those of the language asked for."""
    words = words_in(language)  # type: ignore[arg-type]
    assert words.language == language
    assert [key for key in KEYS if not getattr(words, key).strip()] == []


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_fill_in_the_same_figures(key: str) -> None:
    """A place-holder of one language stands in the other too."""
    in_id, in_en = (sorted(re.findall(r"{(\w+)}", getattr(words, key))) for words in (ID, EN))
    assert in_id == in_en


def test_every_face_has_a_word_of_its_own() -> None:
    """Two states never share a word."""
    for words in (ID, EN):
        assert len({words.face(face) for face in Face}) == len(Face)


@pytest.mark.parametrize("event", EventType)
def test_every_event_has_words(event: EventType) -> None:
    """No code of an event reaches the screen."""
    for words in (ID, EN):
        assert words.event_type(event.value) == getattr(words, f"event_{event.value}")


def test_no_text_is_left_over() -> None:
    """Every key is used by some screen, by name or by the code that it is made from."""
    made = {face.value for face in Face} | {
        key for key in KEYS if key.startswith(("event_", "source_", "turn_", "flag_", "method_", "cause_", "basis_"))
    }
    made |= {"motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler", "info", "warning", "serious"}
    source = "".join(
        path.read_text(encoding="utf-8") for path in PAGE.glob("*.py") if not path.name.startswith("words")
    )
    assert [key for key in KEYS if key not in made and not re.search(rf'(\.|"){key}\b', source)] == []
