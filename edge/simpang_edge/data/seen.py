"""What a camera shows, frame by frame: picture, boxes, tracks, vehicles in metres, scene, lamps."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .kinds import Float32Array, FloatArray, ImageArray, IntArray, check


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its capture time.

    time_s: POSIX UTC at capture (stream clock where there is one, else arrival).
    image: uint8, shape (H, W, 3), BGR.
    """

    time_s: float
    image: ImageArray

    def __post_init__(self) -> None:
        check("Frame.image", self.image, (None, None, 3))


@dataclass(frozen=True, slots=True)
class Detections:
    """What the detector found in one frame.

    xyxy_px: float32 (N, 4), x0 y0 x1 y1 in pixels of the source picture.
    score: float32 (N,), 0 to 1.
    kind: int64 (N,), index in `KINDS`.
    """

    time_s: float
    xyxy_px: Float32Array
    score: Float32Array
    kind: IntArray

    def __post_init__(self) -> None:
        n = self.xyxy_px.shape[0]
        check("Detections.xyxy_px", self.xyxy_px, (n, 4))
        check("Detections.score", self.score, (n,))
        check("Detections.kind", self.kind, (n,))

    def __len__(self) -> int:
        return int(self.xyxy_px.shape[0])


@dataclass(frozen=True, slots=True)
class Tracks:
    """Confirmed tracks that were seen in this frame.

    id: int64 (N,), unique per tracker instance, never reused, >= 1.
    xyxy_px: float32 (N, 4), the measured box in source pixels.
    kind: int64 (N,), voted over the track's life.
    gone: int64 (M,), ids that ended since the previous frame: whatever is kept per vehicle goes with them.
    """

    time_s: float
    id: IntArray
    xyxy_px: Float32Array
    kind: IntArray
    gone: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        n = self.id.shape[0]
        check("Tracks.id", self.id, (n,))
        check("Tracks.xyxy_px", self.xyxy_px, (n, 4))
        check("Tracks.kind", self.kind, (n,))

    def __len__(self) -> int:
        return int(self.id.shape[0])


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Tracks on the road, in metres.

    id, kind: int64 (N,), as in `Tracks`.
    xy_m: float64 (N, 2), ground-contact point in the camera's road plane.
    approach: int64 (N,), index of the approach in the camera's configuration, -1 where none.
    lane: int64 (N,), lane id (>= 1) within the approach, -1 where none.
    along_m: float64 (N,), distance upstream of the stop line (< 0 past it), NaN where no approach.
    across_m: float64 (N,), distance from the kerb-side end of the stop line, NaN where no approach.
    length_m: float64 (N,), vehicle length, NaN where unknown.
    gone: int64 (M,), ids that ended since the previous frame.
    zones: int64 (N,), bit i is set where the vehicle stands in zone i of the camera's configuration; None: no zones.
    hidden: float64 (L,), share of each lane, in the order of the configuration, that a large vehicle of another lane
    hides from the camera; line_hidden: the same of each lane's part of the stop line; empty: not looked at.
    cut: bool (N,), whether the picture's lower border cuts the box, so that nobody knows how far it has come; None: not
    looked at.
    camera_height_m: of the camera above the road, as its calibration tells; None where it does not.
    """

    time_s: float
    id: IntArray
    kind: IntArray
    xy_m: FloatArray
    approach: IntArray
    lane: IntArray
    along_m: FloatArray
    across_m: FloatArray
    length_m: FloatArray
    gone: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    zones: IntArray | None = None
    hidden: FloatArray = field(default_factory=lambda: np.zeros(0))
    line_hidden: FloatArray = field(default_factory=lambda: np.zeros(0))
    cut: NDArray[np.bool_] | None = None
    camera_height_m: float | None = None

    def __post_init__(self) -> None:
        n = self.id.shape[0]
        check("Vehicles.id", self.id, (n,))
        check("Vehicles.kind", self.kind, (n,))
        check("Vehicles.xy_m", self.xy_m, (n, 2))
        check("Vehicles.approach", self.approach, (n,))
        check("Vehicles.lane", self.lane, (n,))
        check("Vehicles.along_m", self.along_m, (n,))
        check("Vehicles.across_m", self.across_m, (n,))
        check("Vehicles.length_m", self.length_m, (n,))
        if self.zones is not None:
            check("Vehicles.zones", self.zones, (n,))
        if self.cut is not None:
            check("Vehicles.cut", self.cut, (n,))

    def __len__(self) -> int:
        return int(self.id.shape[0])


@dataclass(frozen=True, slots=True)
class Scene:
    """What the picture itself is like, apart from the vehicles in it; looked at about once a second.

    flags: night, low_light, rain, dark, frozen, moved, dirty, low_contrast; with those of `UNUSABLE` nothing can be
    measured.
    shift_px: how far the picture has moved from its reference, None where that cannot be told. since_s: when what
    makes it unusable began, which is before it could be told; None while it is usable.
    """

    time_s: float
    flags: tuple[str, ...] = ()
    shift_px: float | None = None
    since_s: float | None = None

    UNUSABLE: ClassVar[frozenset[str]] = frozenset({"dark", "frozen", "moved"})

    @property
    def usable(self) -> bool:
        """Whether vehicles found in such a picture may be measured."""
        return not self.UNUSABLE.intersection(self.flags)


class Colour(StrEnum):
    """The lamp that is lit."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Lamps:
    """What the signal heads in view show, by the index of their approach; None where it cannot be read."""

    time_s: float
    shown: tuple[tuple[int, Colour | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """How well the camera sees one approach: what the error of a speed at its stop line is made of.

    width_m: length of the stop line on the road. m_per_px: metres that one pixel spans there. scale_error_ratio:
    standard error of the scale along the road, a share that more vehicles do not make smaller. camera_height_m: above
    the road, None where it is not known.
    """

    width_m: float
    m_per_px: float
    scale_error_ratio: float
    camera_height_m: float | None = None
