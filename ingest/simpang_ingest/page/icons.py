"""The signs of the states: one shape each, so that colour is never alone. Drawn here, nothing is fetched."""

from typing import Final

from .faces import Face
from .markup import Markup

_PATHS: Final[dict[Face, str]] = {
    # octagon with a bar (stop), diamond with an exclamation mark, triangle, tick in a circle
    Face.JAMMED: '<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path class="cut" d="M6.5 12h11"/>',
    Face.CONGESTED: '<path d="M12 1.5 22.5 12 12 22.5 1.5 12z"/><path class="cut" d="M12 6.5v6.5M12 16.6v.2"/>',
    Face.DENSE: '<path d="M12 3 22.5 21h-21z"/><path class="cut" d="M12 9.5v5M12 17.6v.2"/>',
    Face.FREE: '<circle cx="12" cy="12" r="10"/><path class="cut" d="m7 12.4 3.4 3.4L17 9"/>',
    Face.UNKNOWN: '<circle class="ring" cx="12" cy="12" r="9"/>'
    '<path class="line" d="M9.2 9.4a2.9 2.9 0 1 1 4.3 2.9c-.9.5-1.5 1-1.5 2M12 17.2v.2"/>',
    Face.STALE: '<circle class="ring" cx="12" cy="12" r="9"/><path class="line" d="M9.5 8.5v7M14.5 8.5v7"/>',
    Face.OFFLINE: '<path class="ring" d="M3 7h12v10H3zM15 11l6-3v8l-6-3"/><path class="line" d="M2 3l20 18"/>',
}


def icon(face: Face) -> Markup:
    """The sign of a state; it is decoration beside the word, and hidden from readers that speak."""
    return Markup(f'<svg class="sign" viewBox="0 0 24 24" aria-hidden="true">{_PATHS[face]}</svg>')
