"""The map: junctions where they are, coloured and named by their worst camera. Needs no tiles and no internet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nicegui import ui
from nicegui.elements.leaflet.leaflet_layers import GenericLayer

from .cards import Teller, camera_path, place_name
from .faces import COLOURS, Face
from .icons import icon
from .looks import CameraLook, in_language
from .markup import Markup, tag
from .shell import Room, html

JAKARTA: Final = (-6.2, 106.8)
FIT: Final = {"paddingTopLeft": [30, 50], "paddingBottomRight": [120, 50], "maxZoom": 16}
"""Room for the labels, which stand to the right of the dots."""
LABEL: Final = {
    "permanent": True,
    "direction": "right",
    "offset": [10, 0],
    "interactive": True,
    "opacity": 1,
    "className": "place",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A junction, or a camera that belongs to none: mean position, worst face, the label beside the dot."""

    key: tuple[str, str]
    latitude: float
    longitude: float
    face: Face
    label: Markup


def places(looks: Iterable[CameraLook], teller: Teller) -> list[Place]:
    """Where to put what; cameras come worst first and keep that order."""
    groups: dict[tuple[str, str], list[CameraLook]] = {}
    for look in looks:
        if look.latitude is not None and look.longitude is not None:
            groups.setdefault((look.key.site, look.junction or look.key.camera), []).append(look)
    return [_place(key, group, teller) for key, group in groups.items()]


def _place(key: tuple[str, str], group: list[CameraLook], teller: Teller) -> Place:
    worst = group[0]
    latitudes = [look.latitude for look in group if look.latitude is not None]
    longitudes = [look.longitude for look in group if look.longitude is not None]
    return Place(
        key, sum(latitudes) / len(latitudes), sum(longitudes) / len(longitudes), worst.face, _label(group, teller)
    )


def _label(group: list[CameraLook], teller: Teller) -> Markup:
    """Sign, name and word of the worst; the signs of the others; why, when pointed at."""
    worst = group[0]
    words = teller.words
    junction = worst.junction if len(group) > 1 else None
    target = f"/junction/{junction}" if junction else camera_path(worst)
    others = (tag("span", icon(look.face), class_=f"face-{look.face.value}", title=look.name) for look in group[1:])
    said = in_language(worst.reason, words.language)
    name = tag("a", place_name(junction) if junction else worst.name, href=target)
    line = tag("div", icon(worst.face), name, tag("span", words.face(worst.face), class_="state"), *others)
    why = tag("small", f"{worst.name}: {said}") if said else None
    return tag("div", line, why, class_=f"face-{worst.face.value}")


class MapScreen:
    """One map; a marker is made once and then only restyled."""

    def __init__(self, room: Room, teller: Teller) -> None:
        self._teller = teller
        words = teller.words
        self._nowhere = html(tag("p", words.map_nowhere)).classes("nothing")
        self._map = ui.leaflet(center=JAKARTA, zoom=15, options={"attributionControl": False}).classes("map")
        self._map.clear_layers()  # the library's own default tiles come from the internet
        if room.settings.tile_url:
            self._map.tile_layer(url_template=room.settings.tile_url)
        else:
            html(tag("p", words.map_note)).classes("note")
        self._markers: dict[tuple[str, str], tuple[GenericLayer, Place]] = {}

    def update(self, looks: list[CameraLook]) -> None:
        """Show the places as they are, once the browser has made the map."""
        if not self._map.is_initialized:
            return
        found = places(looks, self._teller)
        self._nowhere.style("display:none" if found else "display:block")
        fresh = {place.key for place in found} - self._markers.keys()
        for key in self._markers.keys() - {place.key for place in found}:
            self._map.remove_layer(self._markers.pop(key)[0])
        for place in found:
            self._show(place)
        if fresh:
            self._fit(found)

    def _show(self, place: Place) -> None:
        if place.key not in self._markers:
            self._markers[place.key] = (self._new_marker(place), place)
            return
        layer, shown = self._markers[place.key]
        if shown != place:
            self._map.run_layer_method(layer.id, "setStyle", {"fillColor": COLOURS[place.face]})
            self._map.run_layer_method(layer.id, "setTooltipContent", place.label)
            self._markers[place.key] = (layer, place)

    def _new_marker(self, place: Place) -> GenericLayer:
        style = {"radius": 9, "color": "#0a0f18", "weight": 2, "fillColor": COLOURS[place.face], "fillOpacity": 1}
        layer = self._map.generic_layer(name="circleMarker", args=[[place.latitude, place.longitude], style])
        self._map.run_layer_method(layer.id, "bindTooltip", place.label, LABEL)
        return layer

    def _fit(self, found: list[Place]) -> None:
        latitudes = [place.latitude for place in found]
        longitudes = [place.longitude for place in found]
        corners = [[min(latitudes), min(longitudes)], [max(latitudes), max(longitudes)]]
        self._map.run_map_method("fitBounds", corners, FIT)
