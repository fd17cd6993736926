"""Fine-tuning: seeded, resumable, and recorded (revision, data hash, settings, curve) beside the weights."""

import copy
import json
import math
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader

from simpang_models.boxes import CLASSES
from simpang_models.data import Drawn, Store, collate
from simpang_models.loss import Target, batch_loss
from simpang_models.network import Detector, anchors, load_start

FROZEN_STAGES = 3
"""The first stages see edges and textures, which our pictures do not change; leaving them alone halves the work."""
SAVE_EVERY = 25


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result besides the data.

    Attributes:
        steps: batches at most.
        minutes: time at most, None for no limit; the learning rate falls with whichever is used up first,
            so a run on a busy machine still ends well.
    """

    steps: int = 6000
    minutes: float | None = None
    batch: int = 8
    rate: float = 5e-4
    warmup: int = 40
    decay: float = 0.02
    average: float = 0.995
    seed: int = 7
    workers: int = 1
    threads: int = 1


@dataclass
class State:
    """What changes while training, and is saved."""

    network: Detector
    average: Detector
    optimiser: torch.optim.Optimizer
    curve: list[dict[str, float]]
    step: int = 0
    spent_s: float = 0.0


Clock = Callable[[], float]


def train(store: Store, start: Path, out: Path, settings: Settings, clock: Clock = time.monotonic) -> Path:
    """Train, or go on where `out` was left; returns the file with the averaged weights."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    state = _open_state(start, out, settings)
    _record(out, store, settings, state)
    batches = _batches(store, settings, state.step)
    with Progress(
        TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn(), refresh_per_second=1
    ) as progress:
        task = progress.add_task("training", total=settings.steps, completed=state.step)
        before = clock()
        for picture, targets in batches:
            values = _step(state, picture, targets, settings)
            before, state.spent_s = clock(), state.spent_s + clock() - before
            progress.update(task, advance=1, description=f"loss {values['total']:.3f}")
            done = progress_share(state, settings) >= 1
            if state.step % SAVE_EVERY == 0 or done:
                _save(state, out)
                _record(out, store, settings, state)
            if done:
                break
    return out / "average.pt"


def _open_state(start: Path, out: Path, settings: Settings) -> State:
    network = Detector(len(CLASSES))
    load_start(network, start)
    network.to(memory_format=torch.channels_last)
    for part in (network.stem, *network.stages[:FROZEN_STAGES]):
        part.requires_grad_(False)
    state = State(network, copy.deepcopy(network), _optimiser(network, settings), [])
    if (out / "state.pt").is_file():
        saved = torch.load(out / "state.pt", weights_only=False)
        network.load_state_dict(saved["network"])
        state.average.load_state_dict(saved["average"])
        state.optimiser.load_state_dict(saved["optimiser"])
        state.step, state.curve, state.spent_s = saved["step"], saved["curve"], saved["spent_s"]
    return state


def _optimiser(network: Detector, settings: Settings) -> torch.optim.Optimizer:
    """The class head is new and learns faster than what was trained before; the backbone slower."""
    groups: dict[float, list[nn.Parameter]] = {1.0: [], 0.5: [], 3.0: []}
    for name, value in network.named_parameters():
        factor = 3.0 if name.startswith("head.cls.") else 0.5 if name.startswith("stages") else 1.0
        if value.requires_grad:
            groups[factor].append(value)
    parts = [{"params": p, "lr": settings.rate * f, "factor": f} for f, p in groups.items()]
    return torch.optim.AdamW(parts, weight_decay=settings.decay)


def _batches(store: Store, settings: Settings, done: int) -> Iterator[tuple[Tensor, list[Target]]]:
    drawn = Drawn(store, settings.seed, settings.batch, settings.steps * settings.batch)
    left = range(done * settings.batch, len(drawn))
    loader = DataLoader(
        drawn, settings.batch, sampler=left, num_workers=settings.workers, collate_fn=collate, prefetch_factor=3
    )
    return iter(loader)


def progress_share(state: State, settings: Settings) -> float:
    """How much of the allowed steps or time is used, 0..1 (1 when the run is over)."""
    share = state.step / settings.steps
    if settings.minutes is not None:
        share = max(share, state.spent_s / (60 * settings.minutes))
    return min(1.0, share)


def _rate(state: State, settings: Settings) -> float:
    """Warm-up, then a cosine down to 2 % of the full rate."""
    rise = min(1.0, (state.step + 1) / settings.warmup)
    return settings.rate * rise * (0.02 + 0.98 * (1 + math.cos(math.pi * progress_share(state, settings))) / 2)


def _step(state: State, picture: Tensor, targets: list[Target], settings: Settings) -> dict[str, float]:
    for group in state.optimiser.param_groups:
        group["lr"] = _rate(state, settings) * group["factor"]
    height, width = picture.shape[2:]
    with torch.autocast("cpu", torch.bfloat16):
        raw = state.network(picture.float().contiguous(memory_format=torch.channels_last))
    loss = batch_loss(raw, anchors(height, width), targets)
    state.optimiser.zero_grad(set_to_none=True)
    loss.total.backward()
    nn.utils.clip_grad_norm_(state.network.parameters(), 10.0)
    state.optimiser.step()
    state.step += 1
    _follow(state, settings)
    values = {"cls": float(loss.cls), "box": float(loss.box), "ctr": float(loss.ctr), "total": float(loss.total)}
    state.curve.append({"step": state.step, **{k: round(v, 4) for k, v in values.items()}})
    return values


def _follow(state: State, settings: Settings) -> None:
    """The averaged weights move a little towards the current ones; faster at the beginning."""
    keep = min(settings.average, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for mean, value in zip(state.average.parameters(), state.network.parameters(), strict=True):
            mean.lerp_(value, 1 - keep)


def _save(state: State, out: Path) -> None:
    """Written beside and moved, so an interrupted run never leaves half a file."""
    everything = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
        "spent_s": state.spent_s,
        "curve": state.curve,
    }
    for name, value in (("state.pt", everything), ("average.pt", state.average.state_dict())):
        torch.save(value, out / f"{name}.new")
        (out / f"{name}.new").replace(out / name)


def _record(out: Path, store: Store, settings: Settings, state: State) -> None:
    facts = {
        "revision": revision(),
        "data_sha256": store.manifest,
        "pictures": len(store.samples),
        "settings": asdict(settings),
        "step": state.step,
        "minutes": round(state.spent_s / 60, 1),
        "curve": smooth(state.curve),
    }
    (out / "record.json").write_text(json.dumps(facts, indent=1))


def smooth(curve: list[dict[str, float]], every: int = 50) -> list[dict[str, float]]:
    """The mean of each `every` steps."""
    blocks = [curve[i : i + every] for i in range(0, len(curve), every)]
    return [_mean(block) for block in blocks]


def _mean(block: list[dict[str, float]]) -> dict[str, float]:
    means = {name: round(float(np.mean([row[name] for row in block])), 4) for name in block[0]}
    return means | {"step": block[-1]["step"]}


def revision() -> str:
    """The git revision of the code, or "unknown" outside a repository."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def load_network(path: Path) -> Detector:
    """A network with the weights of `average.pt`."""
    network = Detector(len(CLASSES))
    network.load_state_dict(torch.load(path, weights_only=True))
    return network
