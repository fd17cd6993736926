"""The sentences that say why a state holds: one template each, in Indonesian and English, figures filled in."""

from dataclasses import dataclass, replace
from typing import Final

from ..data import Quality, Reason
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
    left: float | None = None
    cycles: int | None = None
    minutes: float | None = None
    judged_minutes: float | None = None
    seconds: float | None = None
    needed_s: float | None = None
    shift_px: float | None = None
    vehicles: int | None = None
    flow_change: float | None = None
    quality: float | None = None
    at_least: float | None = None
    why_id: str = ""
    why_en: str = ""
    when_id: str = ""
    when_en: str = ""
    zone: str = ""

    def words(self) -> dict[str, str]:
        """The figures as text, rounded as a person says them."""
        return {
            "speed": _whole(None if self.speed_mps is None else kmh(self.speed_mps)),
            "ratio": _percent(self.ratio),
            "area": _percent(self.area_ratio),
            "queue": _whole(self.queue_m),
            "storage": _percent(self.storage_ratio),
            "left": _whole(self.left),
            "left_en": _counted(self.left, "vehicle"),
            "cycles": _whole(self.cycles),
            "cycles_en": _counted(self.cycles, "cycle"),
            "minutes": _whole(self.minutes),
            "judged": _whole(self.judged_minutes),
            "seconds": _whole(self.seconds),
            "needed": _whole(self.needed_s),
            "shift": _whole(self.shift_px),
            "vehicles": _whole(self.vehicles),
            "vehicles_en": _counted(self.vehicles, "vehicle"),
            "change": _percent(None if self.flow_change is None else abs(self.flow_change)),
            "quality": _decimal(self.quality, "."),
            "kualitas": _decimal(self.quality, ","),
            "at_least": _decimal(self.at_least, "."),
            "perlu": _decimal(self.at_least, ","),
            "mengapa": self.why_id,
            "why": self.why_en,
            "when_id": self.when_id,
            "when_en": self.when_en,
            "zone": self.zone,
        }


FREE: Final = Template("free_flow", "lancar, {speed} km/jam", "free flow, {speed} km/h")
FREE_ROAD: Final = Template("free_road", "lancar, {area} % jalan terisi", "free, {area} % of the road filled")
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
LEFT_OVER: Final = Template(
    "queue_left_over",
    "padat, {left} kendaraan tersisa setelah hijau, antrean {queue} m",
    "dense, {left_en} left over after green, queue {queue} m",
)
STAYS_FULL: Final = Template(
    "queue_stays_full",
    "padat, antrean {queue} m, {storage} % ruang terisi sepanjang siklus",
    "dense, queue {queue} m, {storage} % of the storage filled through a whole cycle",
)
SLOW: Final = Template(
    "slow",
    "{speed} km/jam ({ratio} % dari lancar), {area} % jalan terisi, {minutes} menit",
    "{speed} km/h ({ratio} % of free flow), {area} % of the road filled, {minutes} min",
)
NOT_CLEARED: Final = Template(
    "queue_not_cleared",
    "antrean {queue} m, {cycles} siklus tidak habis",
    "queue {queue} m, {cycles_en} not cleared",
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
HELD: Final = {
    state: Template(
        f"{state}_for",
        f"{name} {{minutes}} dari {{judged}} menit, antrean terpanjang {{queue}} m",
        f"{state} for {{minutes}} of {{judged}} min, longest queue {{queue}} m",
    )
    for state, name in (("dense", "padat"), ("congested", "macet"), ("jammed", "macet total"))
}
"""What held in a longer window, by its state."""

EASING: Final = Template("recovering", "mulai terurai, antrean {queue} m", "easing, queue {queue} m")
FEW_SECONDS: Final = Template(
    "few_seconds", "baru {seconds} dari {needed} detik teramati", "only {seconds} of {needed} s observed"
)
POOR: Final = Template(
    "poor_picture",
    "gambar kurang baik ({mengapa}): kualitas {kualitas}, perlu {perlu}",
    "poor picture ({why}): quality {quality}, needs {at_least}",
)
POOR_BY: Final = {
    "night": ("malam", "night"),
    "low_light": ("kurang cahaya", "low light"),
    "rain": ("hujan", "rain"),
    "low_contrast": ("kontras rendah", "low contrast"),
    "dirty": ("lensa kotor", "dirty lens"),
    "low_resolution": ("resolusi rendah", "low resolution"),
    "low_rate": ("gambar jarang, lebih dari 0,4 detik sekali", "few pictures, more than 0.4 s apart"),
    "occluded": ("lajur tertutup kendaraan besar", "lanes hidden by a large vehicle"),
}
"""What takes from the score, by flag, in both languages."""

WATCHED_SHARE: Final = 0.95
"""Seconds that are missing are named as a cause where more than this share of the span was not seen."""

NO_PICTURE: Final = Template("no_picture", "tidak ada gambar selama {seconds} detik", "no picture for {seconds} s")
STOPPED: Final = Template(
    "stopped_vehicle",
    "kendaraan berhenti {seconds} detik di luar antrean, {queue} m dari garis henti",
    "vehicle stopped for {seconds} s outside the queue, {queue} m from the stop line",
)
STAYS_AT_HEAD: Final = Template(
    "stopped_vehicle",
    "kendaraan di kepala antrean diam {seconds} detik sementara yang lain lewat, {queue} m dari garis henti",
    "vehicle at the head of the queue has not moved for {seconds} s while others pass, {queue} m from the stop line",
)
WRONG_WAY: Final = Template(
    "wrong_way", "kendaraan melawan arah, {speed} km/jam", "vehicle against the traffic, {speed} km/h"
)
WRONG_WAY_ROUGH: Final = Template("wrong_way", "kendaraan melawan arah", "vehicle against the traffic")

WAITING: Final = Template(
    "parked_vehicle",
    "kendaraan sudah berhenti sejak pertama terlihat, {seconds} detik, {queue} m dari garis henti",
    "vehicle standing since it was first seen, {seconds} s, {queue} m from the stop line",
)
IN_ZONE: Final = Template(
    "stopped_in_zone",
    "kendaraan berhenti {seconds} detik di zona larangan {zone}",
    "vehicle stopped for {seconds} s in the no-stopping zone {zone}",
)
BLOCKED_BOX: Final = Template(
    "blocked_box",
    "kotak kuning {zone} terhalang {vehicles} kendaraan selama {seconds} detik",
    "box junction {zone} blocked by {vehicles_en} for {seconds} s",
)
PEDESTRIAN: Final = Template(
    "pedestrian",
    "pejalan kaki di badan jalan {zone}, {seconds} detik",
    "pedestrian on the carriageway {zone}, {seconds} s",
)
SPILLBACK: Final = Template(
    "spillback",
    "antrean dari hilir: {vehicles} kendaraan berhenti di jalan keluar {zone}, {seconds} detik",
    "queue from downstream: {vehicles_en} standing in the exit {zone}, {seconds} s",
)
SPILLBACK_STOPS: Final = Template(
    "spillback_blocks",
    "jalan keluar {zone} penuh ({vehicles} kendaraan), antrean {queue} m tidak dapat lepas",
    "exit {zone} is full ({vehicles_en}), the queue of {queue} m cannot discharge",
)
CAMERA_DARK: Final = Template(
    "camera_dark",
    "gambar tidak memperlihatkan apa pun (gelap atau tertutup): periksa kamera dan lampu",
    "the picture shows nothing (dark or covered): check the camera and the lights",
)
CAMERA_FROZEN: Final = Template(
    "camera_frozen",
    "gambar beku selama {seconds} detik: mulai ulang kamera",
    "the picture has been frozen for {seconds} s: restart the camera",
)
CAMERA_MOVED: Final = Template(
    "camera_moved",
    "kamera tidak lagi melihat ke tempat semula (geser {shift} piksel): kembalikan preset atau kalibrasi ulang",
    "the camera no longer looks where it did (shift {shift} pixels): return it to its preset or calibrate again",
)
CAMERA_MOVED_FAR: Final = Template(
    "camera_moved",
    "kamera tidak lagi melihat ke tempat semula: kembalikan preset atau kalibrasi ulang",
    "the camera no longer looks where it did: return it to its preset or calibrate again",
)
"""Where nothing of the old view is found, so that no shift is known."""
CAMERA_OFFLINE: Final = Template(
    "camera_offline",
    "tidak ada gambar selama {seconds} detik: periksa listrik dan jaringan kamera",
    "no picture for {seconds} s: check the camera's power and network",
)
OCCLUDED: Final = Template(
    "lane_hidden", "lajur tertutup kendaraan besar yang berhenti", "the lane is hidden by a large vehicle that stands"
)
BECAUSE: Final = {
    "dark": Template(
        "camera_dark",
        "gambar gelap atau tertutup: baru {seconds} dari {needed} detik teramati",
        "picture dark or covered: only {seconds} of {needed} s observed",
    ),
    "frozen": Template(
        "camera_frozen",
        "gambar beku: baru {seconds} dari {needed} detik teramati",
        "picture frozen: only {seconds} of {needed} s observed",
    ),
    "moved": Template(
        "camera_moved",
        "kamera bergeser: baru {seconds} dari {needed} detik teramati",
        "camera moved: only {seconds} of {needed} s observed",
    ),
    "offline": Template(
        "camera_offline",
        "kamera luring: baru {seconds} dari {needed} detik teramati",
        "camera offline: only {seconds} of {needed} s observed",
    ),
    "low_rate": Template(
        "low_rate",
        "gambar terlalu jarang: baru {seconds} dari {needed} detik teramati",
        "too few pictures: only {seconds} of {needed} s observed",
    ),
    "occluded": Template(
        "lane_hidden",
        "lajur tertutup kendaraan besar yang berhenti: terlalu sedikit jalan yang terlihat",
        "lanes are hidden by a large vehicle that stands: too little of the road was seen",
    ),
}
"""Why a window is unknown, by the flag that explains it."""

USUAL_LESS: Final = Template(
    "", ", arus {change} % di bawah {when_id} biasanya", ", flow {change} % under the usual {when_en}"
)
USUAL_MORE: Final = Template(
    "", ", arus {change} % di atas {when_id} biasanya", ", flow {change} % above the usual {when_en}"
)
QUALITY: Final = Template("", ", kualitas {kualitas}", ", quality {quality}")


def joined(first: Reason, template: Template, figures: Figures) -> Reason:
    """A reason with more said behind it; its code stays."""
    more = say(template, figures)
    return Reason(first.code, first.id + more.id, first.en + more.en)


def say(template: Template, figures: Figures) -> Reason:
    """The sentence with its figures."""
    words = figures.words()
    return Reason(template.code, template.id.format(**words), template.en.format(**words))


def few_seconds(seconds: float, needed_s: float) -> Reason:
    """Too little of a span was seen."""
    return say(FEW_SECONDS, Figures(seconds=seconds, needed_s=needed_s))


def doubtful(quality: Quality, span_s: float, min_quality: float) -> Reason:
    """Why a span of too low a score is unknown: the seconds that are missing, where they alone make it so, or what the
    picture was like."""
    if quality.observed_s < min_quality * span_s:
        return few_seconds(quality.observed_s, span_s)
    causes = [POOR_BY[flag] for flag in quality.flags if flag in POOR_BY]
    if quality.observed_s < WATCHED_SHARE * span_s or not causes:
        missing = few_seconds(quality.observed_s, span_s)
        causes.append((missing.id, missing.en))
    figures = Figures(
        quality=quality.score,
        at_least=min_quality,
        why_id=", ".join(cause for cause, _ in causes),
        why_en=", ".join(cause for _, cause in causes),
    )
    return say(replace(POOR, code=OCCLUDED.code) if "occluded" in quality.flags else POOR, figures)


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _counted(value: float | None, noun: str) -> str:
    """A number with its English noun: 1 vehicle, 2 vehicles."""
    text = _whole(value)
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"


def _decimal(value: float | None, point: str) -> str:
    return "–" if value is None else f"{value:.2f}".replace(".", point)
