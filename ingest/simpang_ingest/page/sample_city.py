"""The made-up cameras of the sample, and the states they are in."""

from dataclasses import dataclass
from typing import Final

from simpang_edge.message import QualityX
from simpang_edge.message import Words as Sentence

SITE: Final = "contoh"
ARMS: Final = (("utara", "Utara"), ("timur", "Timur"), ("selatan", "Selatan"), ("barat", "Barat"))
STATES: Final = {
    "jammed": Sentence("queue_not_cleared", "antrean {q} m, 3 siklus tidak habis", "queue {q} m, 3 cycles not cleared"),
    "congested": Sentence(
        "slow",
        "{v} km/jam (22 % dari lancar), 48 % jalan terisi, 6 menit",
        "{v} km/h (22 % of free flow), 48 % of the road filled, 6 min",
    ),
    "dense": Sentence(
        "dense", "padat, 27 % jalan terisi, antrean {q} m", "dense, 27 % of the road filled, queue {q} m"
    ),
    "free": Sentence(
        "queue_cleared", "lancar, antrean {q} m habis tiap siklus", "free, queue of {q} m clears every cycle"
    ),
    "unknown": Sentence("few_seconds", "baru 12 dari 30 detik teramati", "only 12 of 30 s observed"),
}
BASE: Final = {"jammed": (150.0, 6.0), "congested": (95.0, 11.0), "dense": (55.0, 21.0), "free": (22.0, 36.0)}


GOOD: Final = QualityX(observed_s=60.0, score=0.9, flags=["rain"])
POOR: Final = QualityX(observed_s=60.0, score=0.65, flags=["dirty", "night", "rain"])


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up camera. trouble: silent (never sends live data) or dead (its last will has come)."""

    camera: str
    name: str
    junction: str | None
    latitude: float
    longitude: float
    states: tuple[str, ...]
    trouble: str | None = None
    simulated: bool = False
    phase: float = 0.0
    quality: QualityX = GOOD

    def approaches(self) -> list[tuple[str, str, str]]:
        """Id, name and state of each approach."""
        return [(*ARMS[index % 4], state) for index, state in enumerate(self.states)]


CAMERAS: Final = (
    Sample("ciater-utara", "Ciater Utara", "simpang-ciater", -6.3162, 106.7009, ("jammed",), phase=0.1),
    Sample("ciater-timur", "Ciater Timur", "simpang-ciater", -6.3165, 106.7013, ("congested", "dense"), phase=0.4),
    Sample("ciater-selatan", "Ciater Selatan", "simpang-ciater", -6.3169, 106.7009, ("free",), phase=0.6),
    Sample("duren-barat", "Duren Barat", "simpang-duren", -6.2934, 106.7146, ("dense",), phase=0.2, quality=POOR),
    Sample(
        "duren-kembar",
        "Kembaran Duren",
        "simpang-duren",
        -6.2930,
        106.7150,
        ("free", "free", "dense", "unknown"),
        simulated=True,
        phase=0.8,
    ),
    Sample("gaplek", "Gaplek", "simpang-gaplek", -6.3410, 106.7410, ("free",), "dead"),
    Sample("pamulang", "Bundaran Pamulang", None, -6.3420, 106.7290, ("free",), "silent"),
    Sample("rawa-buntu", "Rawa Buntu", None, -6.3130, 106.6790, ("unknown",)),
)


def many(count: int) -> tuple[Sample, ...]:
    """That many cameras, in a raster."""
    states = ("free", "dense", "free", "congested", "free", "jammed", "free")
    return tuple(
        Sample(f"kamera-{n:03}", f"Kamera {n:03}", f"simpang-{n // 4:02}", -6.30 - n // 10 * 0.004,
               106.70 + n % 10 * 0.006, (states[n % 7],), phase=n / 9)
        for n in range(count)
    )  # fmt: skip
