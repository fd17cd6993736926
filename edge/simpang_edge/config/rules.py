"""Thresholds and standards that a site may set: state, queue, picture, incidents, side friction, speeds, usual."""

from typing import Annotated, Final, Literal, Self

from pydantic import (
    Field,
    model_validator,
)

from .. import standards
from .section import Fraction, Positive, Section, SiteReason


class StateRules(Section):
    """Thresholds of the congestion state (domain reference, section 6)."""

    on_speed_ratio: Fraction = 0.40
    on_speed_kmh: Positive = 10
    on_area_occupancy: Fraction = 0.35
    on_windows: Annotated[int, Field(ge=1, le=30)] = 3
    on_residual_cycles: Annotated[int, Field(ge=1, le=30)] = 3
    residual_vehicles: Annotated[int, Field(ge=1, le=50)] = 2
    cycle_memory_s: Annotated[float, Field(ge=60, le=3600)] = 600
    on_storage_ratio: Fraction = 0.80
    on_storage_s: Positive = 180
    storage_break_s: Annotated[float, Field(ge=1, le=60)] = 5
    jammed_kmh: Positive = 5
    off_speed_ratio: Fraction = 0.55
    off_area_occupancy: Fraction = 0.25
    off_s: Positive = 300
    dense_speed_ratio: Fraction = 0.70
    dense_area_occupancy: Fraction = 0.20
    slowing_area_occupancy: Fraction = 0.05
    min_quality: Fraction = 0.5
    forget_s: Annotated[float, Field(ge=60, le=7200)] = 900
    provisional_s: Annotated[float, Field(ge=1, le=60)] = 10
    stands_windows: Annotated[float, Field(ge=1, le=30)] = 2.5
    fresh_cycles: Annotated[float, Field(ge=1, le=10)] = 2
    held_share: Annotated[float, Field(gt=0, le=1)] = 0.33
    min_event_s: Annotated[float, Field(ge=0)] = 300
    merge_event_s: Annotated[float, Field(ge=0)] = 300

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.off_speed_ratio <= self.on_speed_ratio:
            raise ValueError("off_speed_ratio must be greater than on_speed_ratio")
        if self.off_area_occupancy >= self.on_area_occupancy:
            raise ValueError("off_area_occupancy must be less than on_area_occupancy")
        return self


class QueueRules(Section):
    """The queued vehicle (domain reference, section 1)."""

    enter_kmh: Positive = 5
    enter_s: Positive = 2
    max_gap_m: Positive = 15
    leave_kmh: Positive = 10
    leave_s: Positive = 2
    hidden_s: Annotated[float, Field(ge=0, le=600)] = 120

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.leave_kmh <= self.enter_kmh:
            raise ValueError("leave_kmh must be greater than enter_kmh")
        return self


class SceneRules(Section):
    """When the picture itself cannot be trusted. [ours]"""

    every_s: Annotated[float, Field(gt=0, le=10)] = 1
    night_brightness: Annotated[float, Field(ge=0, le=255)] = 60
    frozen_s: Annotated[float, Field(ge=5, le=60)] = 15
    moved_ratio: Annotated[float, Field(gt=0, le=0.5)] = 0.0125
    moved_s: Annotated[float, Field(ge=1, le=60)] = 5
    lost_s: Annotated[float, Field(ge=5, le=60)] = 30
    hidden_ratio: Annotated[float, Field(gt=0, le=1)] = 0.6
    hidden_s: Annotated[float, Field(ge=1, le=120)] = 10
    fault_event_s: Annotated[float, Field(ge=0, le=60)] = 10
    fault_clear_s: Annotated[float, Field(ge=0, le=600)] = 20


class IncidentRules(Section):
    """When a vehicle or person is where it should not be, and for how long (measurement reference, sections 6, 12).
    [ours]"""

    stopped_s: Annotated[float, Field(ge=5, le=120)] = 15
    long_stop_s: Annotated[float, Field(ge=15, le=1800)] = 120
    overtakers: Annotated[int, Field(ge=1, le=10)] = 2
    wrong_way_kmh: Annotated[float, Field(ge=3, le=50)] = 7.2
    wrong_way_s: Annotated[float, Field(ge=0.5, le=10)] = 1.5
    wrong_way_m: Annotated[float, Field(ge=2, le=50)] = 5
    box_s: Annotated[float, Field(ge=5, le=120)] = 10
    box_vehicles: Positive = 3
    box_long_s: Annotated[float, Field(ge=20, le=600)] = 90
    pedestrian_s: Annotated[float, Field(ge=0.5, le=60)] = 3
    spillback_s: Annotated[float, Field(ge=5, le=120)] = 20
    spillback_vehicles: Positive = 3
    clear_s: Annotated[float, Field(ge=1, le=120)] = 5


class FrictionRules(Section):
    """Side friction (PKJI 2023, chapter 4): weights per event, and what a kerb stop and a slow vehicle are."""

    pedestrian: Annotated[float, Field(ge=0)] = 0.5
    stopping: Annotated[float, Field(ge=0)] = 1.0
    entering: Annotated[float, Field(ge=0)] = 0.7
    slow: Annotated[float, Field(ge=0)] = 0.4
    stop_s: Annotated[float, Field(ge=1, le=120)] = 5
    both_sides: bool = False


class UsualRules(Section):
    """What is usual for a weekday and quarter hour. [ours]"""

    weeks: Annotated[int, Field(ge=1, le=52)] = 8
    min_days: Annotated[int, Field(ge=1, le=52)] = 3
    min_quality: Fraction = 0.6
    compared_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    tell_ratio: Fraction = 0.15


class SpeedRules(Section):
    """When a calibration supports speeds, and how exact its clicked points are (domain reference, section 7)."""

    max_m_per_px: Positive = 0.3
    max_scale_error: Fraction = 0.15
    click_px: Positive = 2.0


LEGAL_LOS: Final = "PM96-2015"


class Standards(Section):
    """What the site uses instead of the published rule, and why (domain reference, sections 2 to 5)."""

    emp: str | None = None
    emp_values: dict[Literal["SM", "MP", "KS"], Positive] | None = None
    emp_reason: SiteReason | None = None
    los_junction: str = LEGAL_LOS
    los_reason: SiteReason | None = Field(None, description="why not the table of PM 96/2015")
    los_link: str = "HCM2010-street"
    capacity: str = standards.PKJI
    capacity_reason: SiteReason | None = Field(None, description="why not the factors of PKJI 2023")
    city_million: Positive | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        own = [key for key in ("emp", "emp_values") if getattr(self, key) is not None]
        if len(own) > 1:
            raise ValueError("give emp or emp_values, not both")
        if bool(own) != (self.emp_reason is not None):
            raise ValueError("emp or emp_values and emp_reason go together")
        if (self.los_junction != LEGAL_LOS) != (self.los_reason is not None):
            raise ValueError(f"los_junction other than {LEGAL_LOS} and los_reason go together")
        if (self.capacity != standards.PKJI) != (self.capacity_reason is not None):
            raise ValueError(f"capacity other than {standards.PKJI} and capacity_reason go together")
        if self.emp_values is not None and len(self.emp_values) < 3:
            raise ValueError(f"emp_values needs SM, MP and KS, got {', '.join(self.emp_values) or 'none'}")
        _one_of("emp", self.emp, standards.emp_names())
        _one_of("capacity", self.capacity, standards.capacity_names())
        _one_of("los_junction", self.los_junction, standards.los_names("delay"))
        _one_of("los_link", self.los_link, standards.los_names("speed_share"))
        return self


def _one_of(key: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ValueError(f"{key} {value!r} is not known: use one of {', '.join(allowed)}")
