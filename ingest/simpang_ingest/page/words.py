"""Every text of the live page, in Bahasa Indonesia and English."""

from typing import Final

from .settings import Language
from .wording import Words
from .words_en import EN
from .words_id import ID

__all__ = ["EN", "ID", "Words", "words_in"]

_ALL: Final[dict[Language, Words]] = {"id": ID, "en": EN}


def words_in(language: Language) -> Words:
    """The texts of a language."""
    return _ALL[language]
