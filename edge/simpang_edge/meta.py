"""What a camera is, as it stands retained on the broker."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version

from .config import Box, Camera
from .message import ApproachMeta, GateMeta, LaneMeta, MetaRow, MovementMeta


def meta_row(box: Box, camera: Camera, model_id: str | None, error_m: float | None) -> MetaRow:
    """What does not change while this worker runs; error_m is the reprojection error of the calibration."""
    position = camera.position
    return MetaRow(
        name=camera.name or camera.id,
        junction=camera.junction,
        city=box.city,
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        approaches=list(_approaches(camera)),
        calibration_error_m=error_m,
        calibration_id=_calibration_id(camera),
        model_id=model_id,
        software=version("simpang"),
        config_hash=box.hash(),
        analysis_fps=camera.analysis_fps,
        simulated=camera.simulated,
        movements=[
            MovementMeta(id=one.id, name=one.name or one.id, approach=one.approach, turn=one.turn, gate=one.gate)
            for one in camera.movements
        ],
        gates=[
            GateMeta(id=gate.id, name=gate.name or gate.id, kind=gate.kind, line=list(gate.line))
            for gate in camera.gates
        ],
    )


def _approaches(camera: Camera) -> Iterable[ApproachMeta]:
    for approach in camera.approaches:
        yield ApproachMeta(
            id=approach.id,
            name=approach.name or approach.id,
            length_m=approach.length_m,
            lanes=[LaneMeta(id=lane.id) for lane in approach.lanes],
            free_flow_kmh=approach.reference_kmh(),
        )


def _calibration_id(camera: Camera) -> str | None:
    """Changes when the calibration does: first 12 hex digits of its SHA-256."""
    if camera.calibration is None:
        return None
    return hashlib.sha256(camera.calibration.model_dump_json().encode()).hexdigest()[:12]
