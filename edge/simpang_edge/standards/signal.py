"""Queue, stops and delay of a signal approach by formula (PKJI 2023, chapter 5; domain reference, §4).

What is measured comes first; these fill what cannot be measured and check what can. Not valid while a junction
downstream blocks or police direct traffic. Times are in seconds, flows in smp a second.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

S_PER_H: Final = 3600.0
AREA_M2_PER_SMP: Final = 20.0
TURN_S: Final = 6.0
STOP_S: Final = 4.0
STOPS_FACTOR: Final = 0.9


@dataclass(frozen=True, slots=True)
class SignalApproach:
    """Capacity C, degree of saturation DJ = q / C, cycle s, green share RH = wH / s, entry width LM, turning share PB.

    Raises `ValueError` where the formulas have no value.
    """

    capacity_smps: float
    dj: float
    cycle_s: float
    green_ratio: float
    width_m: float
    turn_ratio: float = 0.0

    def __post_init__(self) -> None:
        if min(self.capacity_smps, self.cycle_s, self.width_m) <= 0 or self.dj < 0:
            raise ValueError(f"expected capacity, cycle and width above 0 and DJ from 0 on, got {self}")
        if not 0 < self.green_ratio < 1 or self.green_ratio * self.dj >= 1:
            raise ValueError(f"expected 0 < RH < 1 and RH * DJ < 1, got RH {self.green_ratio} and DJ {self.dj}")

    @property
    def flow_smps(self) -> float:
        """q = DJ C."""
        return self.dj * self.capacity_smps


def residual_queue_smp(one: SignalApproach) -> float:
    """Nq1 = 0.25 C [(DJ - 1) + sqrt((DJ - 1)^2 + 8 (DJ - 0.5) / C)] above DJ 0.5, else 0; C in smp an hour.

    PKJI 2023, eq. 5-16, which prints s for C (domain reference, §4).
    """
    if one.dj <= 0.5:
        return 0.0
    capacity_smph = one.capacity_smps * S_PER_H
    over = one.dj - 1.0
    return 0.25 * capacity_smph * (over + sqrt(over**2 + 8.0 * (one.dj - 0.5) / capacity_smph))


def red_queue_smp(one: SignalApproach) -> float:
    """Nq2 = s (1 - RH) / (1 - RH DJ) q: who comes in red (PKJI 2023, ch. 5; q in smp a second)."""
    return one.cycle_s * (1.0 - one.green_ratio) / (1.0 - one.green_ratio * one.dj) * one.flow_smps


def queue_smp(one: SignalApproach) -> float:
    """Nq = Nq1 + Nq2, at the start of green (PKJI 2023, ch. 5)."""
    return residual_queue_smp(one) + red_queue_smp(one)


def queue_m(one: SignalApproach) -> float:
    """PA = Nq 20 / LM: 20 m² for each smp (PKJI 2023, ch. 5)."""
    return queue_smp(one) * AREA_M2_PER_SMP / one.width_m


def stop_ratio(one: SignalApproach) -> float:
    """RKH = 0.9 Nq 3600 / (q s), stops per smp; 0 where nobody comes (PKJI 2023, ch. 5; q in smp an hour)."""
    return STOPS_FACTOR * queue_smp(one) / (one.flow_smps * one.cycle_s) if one.flow_smps else 0.0


def traffic_delay_s(one: SignalApproach) -> float:
    """TLL = s 0.5 (1 - RH)^2 / (1 - RH DJ) + Nq1 3600 / C (PKJI 2023, ch. 5; C in smp an hour)."""
    uniform_s = one.cycle_s * 0.5 * (1.0 - one.green_ratio) ** 2 / (1.0 - one.green_ratio * one.dj)
    return uniform_s + residual_queue_smp(one) / one.capacity_smps


def geometric_delay_s(one: SignalApproach) -> float:
    """TG = (1 - RKH) PB 6 + RKH 4 (PKJI 2023, ch. 5); RKH as the share that stops, so at most 1 (MKJI 1997, check)."""
    stopped = min(1.0, stop_ratio(one))
    return (1.0 - stopped) * one.turn_ratio * TURN_S + stopped * STOP_S


def delay_s(one: SignalApproach) -> float:
    """T = TLL + TG, seconds per smp (PKJI 2023, ch. 5)."""
    return traffic_delay_s(one) + geometric_delay_s(one)
