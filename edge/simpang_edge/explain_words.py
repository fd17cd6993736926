"""The sentences of ``simpang explain``: one template each, in Indonesian and English, figures filled in."""

import math
from dataclasses import asdict, dataclass
from typing import Final

from .data import Reason
from .units import kmh

KIND_ID: Final = {
    "motorcycle": "sepeda motor",
    "car": "mobil",
    "bus": "bus",
    "truck": "truk",
    "bicycle": "sepeda",
    "person": "orang",
    "three_wheeler": "roda tiga",
}
DIRECTION_ID: Final = {"forward": "maju", "backward": "mundur"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a sentence may name; None (or NaN) is written as a dash."""

    track: int | None = None
    other: int | None = None
    kind: str | None = None
    approach: str | None = None
    lane: int | None = None
    movement: str | None = None
    gate: str | None = None
    direction: str | None = None
    along_m: float | None = None
    moved_m: float | None = None
    speed_mps: float | None = None
    limit_m: float | None = None
    limit_mps: float | None = None
    frames: int | None = None
    blind: int | None = None
    nearest_px: float | None = None
    hits: int | None = None
    score: float | None = None

    def known(self) -> dict[str, float | int | str | None]:
        """The figures that are known."""
        return {key: value for key, value in asdict(self).items() if not _unknown(value)}

    def words(self) -> dict[str, str]:
        """The figures as text."""
        along_m, speed_mps = self.along_m, self.speed_mps
        return {
            **{key: "–" if _unknown(value) else f"{value}" for key, value in asdict(self).items()},
            "arah": DIRECTION_ID.get(self.direction or "", "–"),
            "kind_id": KIND_ID.get(self.kind or "", self.kind or "–"),
            "before": _figure(along_m),
            "past": _figure(None if along_m is None else -along_m),
            "moved": _figure(self.moved_m),
            "speed": _figure(speed_mps),
            "kmh": _figure(None if speed_mps is None else kmh(speed_mps), 0),
            "nearest": _figure(self.nearest_px, 0),
            "pictures": "1 picture" if self.frames == 1 else f"{'–' if self.frames is None else self.frames} pictures",
            "times": "once" if self.hits == 1 else f"{'–' if self.hits is None else self.hits} times",
        }


def about(track: int, kind: str | None, language: str) -> str:
    """Which track it is about, as a heading."""
    return f"jejak {track} ({KIND_ID.get(kind or '', '–')})" if language == "id" else f"track {track} ({kind or '–'})"


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence in both languages."""

    id: str
    en: str


TEMPLATES: Final = {
    "crossed": Template(
        "Dihitung: melewati garis henti {approach} di lajur {lane}, {kmh} km/jam.",
        "Counted: it went over the stop line of {approach} in lane {lane}, at {kmh} km/h.",
    ),
    "came_over": Template(
        "Dihitung: pertama terlihat sesudah garis henti {approach}, tetapi menurut geraknya baru saja melewatinya.",
        "Counted: first seen past the stop line of {approach}, but by its motion it had just come over it.",
    ),
    "vanished": Template(
        "Dihitung: hilang {before} m sebelum garis henti {approach} pada {speed} m/s, jadi pasti melewatinya "
        "(batas {limit_m} m dan {limit_mps} m/s).",
        "Counted: it was lost {before} m before the stop line of {approach} at {speed} m/s, so it must have crossed "
        "(within {limit_m} m and at {limit_mps} m/s or more).",
    ),
    "second_box": Template(
        "Tidak dihitung: kotak kedua pada kendaraan {other}, yang sudah dihitung.",
        "Not counted: a second box around vehicle {other}, which was counted.",
    ),
    "same_vehicle": Template(
        "Tidak dihitung: kendaraan {other} yang sudah dihitung terlihat lagi.",
        "Not counted: it is vehicle {other}, which was counted, seen again.",
    ),
    "began_past": Template(
        "Tidak dihitung: jejaknya mulai {past} m sesudah garis henti {approach} dan geraknya tidak menunjukkan bahwa "
        "baru saja melewatinya ({speed} m/s; batas {limit_m} m dan {limit_mps} m/s).",
        "Not counted: its track began {past} m past the stop line of {approach}, and its motion does not lead over it "
        "({speed} m/s; within {limit_m} m and at {limit_mps} m/s or more).",
    ),
    "ended_before": Template(
        "Tidak dihitung: jejaknya berakhir {before} m sebelum garis henti {approach} pada {speed} m/s "
        "(baru dihitung dalam {limit_m} m dan mulai {limit_mps} m/s).",
        "Not counted: its track ended {before} m before the stop line of {approach} at {speed} m/s (it would count "
        "within {limit_m} m and at {limit_mps} m/s or more).",
    ),
    "no_vehicle": Template(
        "Tidak dihitung: dianggap bukan kendaraan, setelah bergerak {moved} m (perlu {limit_m} m dan sepersepuluh "
        "jaraknya; di tepi jalan, 5 m melewati garis henti {approach}).",
        "Not counted: taken for no vehicle, after {moved} m of motion ({limit_m} m and a tenth of its distance are "
        "needed; by the kerb, to be 5 m past the stop line of {approach}).",
    ),
    "continued": Template(
        "Jejak {track} berlanjut sebagai jejak {other}.",
        "Track {track} goes on as track {other}.",
    ),
    "jumped": Template(
        "Jejak {track} melompat lebih jauh daripada kendaraan apa pun; sejak itu dianggap kendaraan lain.",
        "Track {track} moved as no vehicle can; from there on it is taken for another vehicle.",
    ),
    "moved": Template(
        "Terlacak sampai jalan keluar: gerakan {movement}.",
        "Traced to its exit: movement {movement}.",
    ),
    "gate": Template(
        "Dihitung di gerbang {gate}, arah {arah}.",
        "Counted at gate {gate}, {direction}.",
    ),
    "taken_back": Template(
        "Tidak dihitung: dihitung ketika gambar sudah gelap, beku atau bergeser, lalu ditarik kembali.",
        "Not counted: it was counted while the picture was already dark, frozen or moved, and taken back.",
    ),
    "false_picture": Template(
        "Tidak dihitung: gambarnya gelap, beku atau bergeser, sehingga tidak ada yang diukur ({blind} dari {frames} "
        "gambarnya).",
        "Not counted: the picture was dark, frozen or moved, so nothing was measured ({blind} of {pictures}).",
    ),
    "at_no_gate": Template(
        "Tidak dihitung: tidak melewati gerbang mana pun ({frames} gambar).",
        "Not counted: it passed no gate ({pictures}).",
    ),
    "untraced": Template(
        "Jalan keluarnya tidak terlacak: tidak masuk gerakan mana pun.",
        "Its exit was not traced: it is in no movement.",
    ),
    "no_motor": Template(
        "Bukan kendaraan bermotor ({kind_id}): tidak masuk arus.",
        "No motor vehicle ({kind}): it is not part of the flow.",
    ),
    "never_in_a_lane": Template(
        "Tidak dihitung: titik bawah kotaknya tidak pernah berada di dalam poligon lajur ({frames} gambar).",
        "Not counted: the foot of its box was never inside a lane's polygon ({pictures}).",
    ),
    "nowhere": Template(
        "Tidak dihitung: kotaknya selalu di atas cakrawala, tanpa titik di jalan ({frames} gambar).",
        "Not counted: its box was always above the horizon, with no place on the road ({pictures}).",
    ),
    "on_its_way": Template(
        "Belum dihitung: pada akhir rekaman masih {before} m sebelum garis henti {approach}, {speed} m/s.",
        "Not counted yet: at the end of the log it was {before} m before the stop line of {approach}, at {speed} m/s.",
    ),
    "no_track": Template(
        "Tidak ada kendaraan terkonfirmasi di sana ({frames} gambar; kotak terdekat {nearest} px). Detektor tidak "
        "menemukannya, atau kurang dari {hits} kali dengan skor mulai {score}.",
        "No confirmed vehicle there ({pictures}; nearest box {nearest} px away). The detector did not find it, "
        "or fewer than {times} from a score of {score} on.",
    ),
    "no_frames": Template(
        "Tidak ada gambar dalam rekaman sekitar waktu itu: tidak teramati.",
        "The log has no picture about that time: it was not observed.",
    ),
}
"""By the code of what was found; the codes of `meter.decisions.Rule` among them."""


def say(template: Template, values: Values) -> Reason:
    """The sentence with its figures."""
    code = next(code for code, known in TEMPLATES.items() if known is template)
    words = values.words()
    return Reason(code, template.id.format(**words), template.en.format(**words))


def _unknown(value: float | int | str | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _figure(value: float | None, digits: int = 1) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"
