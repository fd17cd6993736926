"""The sentences that say why a state holds: one template each, in Indonesian and English, figures filled in."""

from dataclasses import dataclass
from typing import Final

from ..data import Reason
from ..units import kmh


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence in both languages; the fields in braces are those of `Figures.words`."""

    code: str
    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a sentence may name; None is written as a dash."""

    speed_mps: float | None = None
    ratio: float | None = None
    area_ratio: float | None = None
    queue_m: float | None = None
    storage_ratio: float | None = None
    cycles: int | None = None
    minutes: float | None = None
    seconds: float | None = None
    needed_s: float | None = None

    def words(self) -> dict[str, str]:
        """The figures as text, rounded as a person says them."""
        return {
            "speed": _whole(None if self.speed_mps is None else kmh(self.speed_mps)),
            "ratio": _percent(self.ratio),
            "area": _percent(self.area_ratio),
            "queue": _whole(self.queue_m),
            "storage": _percent(self.storage_ratio),
            "cycles": _whole(self.cycles),
            "minutes": _whole(self.minutes),
            "seconds": _whole(self.seconds),
            "needed": _whole(self.needed_s),
        }


FREE: Final = Template("free_flow", "lancar, {speed} km/jam", "free flow, {speed} km/h")
SHORT_QUEUE: Final = Template("short_queue", "lancar, antrean terpanjang {queue} m", "free, longest queue {queue} m")
CLEARED: Final = Template(
    "queue_cleared",
    "lancar, antrean habis saat hijau ({speed} km/jam dengan waktu menunggu)",
    "free, the queue clears at green ({speed} km/h including the wait)",
)
RED_LIGHT: Final = Template("red_light", "lampu merah, antrean {queue} m", "red light, queue {queue} m")
EMPTY: Final = Template("no_traffic", "tidak ada kendaraan", "no vehicles")
DENSE: Final = Template(
    "dense", "padat, {area} % jalan terisi, antrean {queue} m", "dense, {area} % of the road filled, queue {queue} m"
)
SLOWING: Final = Template(
    "slowing", "melambat, {speed} km/jam ({ratio} % dari lancar)", "slowing, {speed} km/h ({ratio} % of free flow)"
)
SLOW: Final = Template(
    "slow",
    "{speed} km/jam ({ratio} % dari lancar), {area} % jalan terisi, {minutes} menit",
    "{speed} km/h ({ratio} % of free flow), {area} % of the road filled, {minutes} min",
)
NOT_CLEARED: Final = Template(
    "queue_not_cleared",
    "antrean {queue} m, {cycles} siklus tidak habis",
    "queue {queue} m, {cycles} cycles not cleared",
)
FULL: Final = Template(
    "storage_full",
    "antrean {queue} m, {storage} % ruang penuh selama {minutes} menit",
    "queue {queue} m, {storage} % of the storage full for {minutes} min",
)
RECOVERING: Final = Template(
    "recovering",
    "mulai terurai, antrean {queue} m, {speed} km/jam",
    "easing, queue {queue} m, {speed} km/h",
)
FEW_SECONDS: Final = Template(
    "few_seconds", "baru {seconds} dari {needed} detik teramati", "only {seconds} of {needed} s observed"
)
NO_PICTURE: Final = Template("no_picture", "tidak ada gambar selama {seconds} detik", "no picture for {seconds} s")
STOPPED: Final = Template(
    "stopped_vehicle",
    "kendaraan berhenti {seconds} detik di luar antrean, {queue} m dari garis henti",
    "vehicle stopped for {seconds} s outside the queue, {queue} m from the stop line",
)
WRONG_WAY: Final = Template(
    "wrong_way", "kendaraan melawan arah, {speed} km/jam", "vehicle against the traffic, {speed} km/h"
)


def say(template: Template, figures: Figures) -> Reason:
    """The sentence with its figures."""
    words = figures.words()
    return Reason(template.code, template.id.format(**words), template.en.format(**words))


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"
