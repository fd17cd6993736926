"""Training: seeded, resumable, and recorded (revision, data hash, settings, curve) beside the weights.

Runs on a CUDA card where there is one, else on the CPU; in bfloat16 where that pays.
"""

import copy
import json
import math
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader

from simpang_models.boxes import CLASSES
from simpang_models.data import SIZES, Drawn, Sizes, Store
from simpang_models.loss import Loss, Target, batch_loss
from simpang_models.network import Detector, cells
from simpang_models.published import HELD_BACK, is_published, measure_statistics, read_published
from simpang_models.start import gather_statistics, read_finished

SAVE_EVERY_S = 60.0
START_SEED = 1_000_003
"""Added to the seed for the inputs of the start, so that training does not begin with the same ones."""
KEPT = 150
"""Prepared batches among which a reused one is chosen."""
Batch = tuple[Tensor, list[Target]]


@dataclass(frozen=True)
class Prepared:
    """A batch behind the frozen part of the network.

    Attributes:
        begun: what `Detector.begin` gave.
        cell: the cells of this input size.
    """

    begun: list[Tensor]
    cell: Tensor
    targets: list[Target]


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result besides the data.

    Attributes:
        steps: batches at most.
        minutes: time at most, all runs of the folder together, None for no limit; the learning rate falls with
            whichever is used up first, so a run on a busy machine still ends well.
        batch: pictures of 640×384 per step; more of the smaller inputs, fewer of the larger.
        frozen: how many blocks stay as they start, the front included: edges and textures are the same in our
            pictures, and leaving them alone saves half of the work; 0 trains everything, 15 only pyramid and head.
        reuse: steps per prepared batch; what the frozen part makes of the last KEPT batches is kept for them.
        device: "cpu", "cuda", or "auto".
        gathered: inputs that give the head's normalisations their statistics before the first step.
        sizes: input sizes, width and height; one that stands twice is drawn twice as often.
    """

    steps: int = 6000
    minutes: float | None = None
    batch: int = 6
    rate: float = 1e-3
    warmup: int = 100
    decay: float = 0.02
    average: float = 0.999
    frozen: int = 4
    reuse: int = 1
    seed: int = 7
    workers: int = 1
    threads: int = 1
    device: str = "auto"
    gathered: int = 6
    sizes: Sizes = SIZES


@dataclass
class State:
    """What changes while training, and is saved."""

    network: Detector
    average: Detector
    optimiser: torch.optim.Optimizer
    curve: list[dict[str, float]]
    step: int = 0
    spent_s: float = 0.0
    sessions: list[dict[str, Any]] = field(default_factory=list)
    """What was new when training began or went on: step, revision, data, settings."""


Clock = Callable[[], float]


def choose_device(name: str) -> torch.device:
    """`auto` is CUDA where there is a card.

    Raises:
        ValueError: CUDA is asked for and there is no card.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: torch finds no CUDA card; use --device cpu")
    return torch.device(name)


def train(store: Store, start: Path, out: Path, settings: Settings, clock: Clock = time.monotonic) -> Path:
    """Train, or go on where `out` was left; returns the file with the averaged weights.

    Raises:
        ValueError: `start` is no network to start from, or the device is not there.
    """
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    out.mkdir(parents=True, exist_ok=True)
    with Progress(
        TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn(), refresh_per_second=1
    ) as progress:
        state = _open_state(store, start, out, settings, device)
        _note_session(state, store, settings, device)
        _record(out, state)
        _run(state, store, out, settings, clock, progress)
    return out / "average.pt"


def _run(state: State, store: Store, out: Path, settings: Settings, clock: Clock, progress: Progress) -> None:
    task = progress.add_task("training", total=settings.steps, completed=state.step)
    before = saved = clock()
    for batch in _prepared(state, store, settings):
        loss = _step(state, batch, settings)
        now = clock()
        state.spent_s, before = state.spent_s + now - before, now
        progress.update(task, advance=1, description=f"loss {float(loss.total.detach()):.3f}")
        done = progress_share(state, settings) >= 1
        if done or before - saved >= SAVE_EVERY_S:
            saved = before
            _save(state, out)
            _record(out, state)
            _say(progress, state, settings)
        if done:
            break


def _say(progress: Progress, state: State, settings: Settings) -> None:
    """A line for log files; on a terminal the bar says it."""
    if not progress.console.is_terminal:
        last = _mean(state.curve[-50:])
        share = progress_share(state, settings)
        progress.console.print(f"step {state.step}, {share:.1%}: class {last['cls']:.3f}, box {last['box']:.3f}")


def _note_session(state: State, store: Store, settings: Settings, device: torch.device) -> None:
    """Nothing is noted where a run goes on exactly as before."""
    facts = {
        "revision": revision(),
        "data_sha256": store.manifest,
        "pictures": len(store.samples),
        "settings": asdict(settings),
        "device": device.type,
    }
    if not state.sessions or facts.items() != {k: v for k, v in state.sessions[-1].items() if k != "from_step"}.items():
        state.sessions.append({"from_step": state.step, **facts})


def _open_state(store: Store, start: Path, out: Path, settings: Settings, device: torch.device) -> State:
    network = Detector(len(CLASSES)).to(device, memory_format=torch.channels_last)
    saved = out / "state.pt"
    if not saved.is_file():
        _start(network, store, start, settings)
    average = copy.deepcopy(network).requires_grad_(False)
    network.train()
    network.freeze(settings.frozen)
    state = State(network, average, _optimiser(network, settings), [])
    if saved.is_file():
        values = torch.load(saved, weights_only=True, map_location=device)
        network.load_state_dict(values["network"])
        state.average.load_state_dict(values["average"])
        _take_optimiser(state.optimiser, values["optimiser"])
        state.step, state.curve, state.spent_s = values["step"], values["curve"], values["spent_s"]
        state.sessions = values["sessions"]
    else:
        torch.save(network.state_dict(), out / "start.pt")
        _save(state, out)
    return state


def _take_optimiser(optimiser: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """The saved moments, unless another part of the network is trained now."""
    counts = [[len(g["params"]) for g in groups] for groups in (optimiser.param_groups, saved["param_groups"])]
    if counts[0] == counts[1]:
        optimiser.load_state_dict(saved)


def _start(network: Detector, store: Store, start: Path, settings: Settings) -> None:
    """The start takes inputs of its own seed from a worker that ends with it."""
    published = is_published(start)
    network.load_state_dict((read_published if published else read_finished)(start).state_dict())
    batches = _batches(store, replace(settings, seed=settings.seed + START_SEED, steps=settings.gathered), 0)
    inputs = (picture for picture, _ in batches)
    if published:
        measure_statistics(network, inputs, settings.gathered)
    else:
        gather_statistics(network.head, network, inputs, settings.gathered)


def _optimiser(network: Detector, settings: Settings) -> torch.optim.Optimizer:
    """The backbone, trained before, learns more slowly than pyramid and head."""
    groups: dict[float, list[nn.Parameter]] = {1.0: [], 0.3: []}
    for name, value in network.named_parameters():
        if value.requires_grad:
            groups[0.3 if name.startswith("backbone.") else 1.0].append(value)
    parts = [{"params": p, "lr": settings.rate * f, "factor": f} for f, p in groups.items()]
    return torch.optim.AdamW(parts, weight_decay=settings.decay)


def _batches(store: Store, settings: Settings, done: int) -> Iterator[Batch]:
    drawn = Drawn(store, settings.seed, settings.batch, settings.steps, settings.sizes)
    left = range(done, len(drawn))
    ahead = 2 if settings.workers else None
    loader = DataLoader(
        drawn, batch_size=None, sampler=left, num_workers=settings.workers, prefetch_factor=ahead, pin_memory=False
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


def _prepared(state: State, store: Store, settings: Settings) -> Iterator[Prepared]:
    """New batches, each followed by `reuse` − 1 of the last ones, chosen by chance."""
    random = np.random.default_rng((settings.seed, state.step))
    kept: deque[Prepared] = deque(maxlen=KEPT)
    for picture, targets in _batches(store, settings, state.step // settings.reuse):
        kept.append(_begin(state.network, picture, targets))
        yield kept[-1]
        for _ in range(settings.reuse - 1):
            yield kept[random.integers(len(kept))]


def _begin(network: Detector, picture: Tensor, targets: list[Target]) -> Prepared:
    device = next(network.parameters()).device
    inputs = picture.to(device, non_blocking=True).float().contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        begun = network.begin(inputs)
    height, width = picture.shape[2:]
    return Prepared(begun, cells(height, width).to(device), [t.to(device) for t in targets])


def _step(state: State, batch: Prepared, settings: Settings) -> Loss:
    for group in state.optimiser.param_groups:
        group["lr"] = _rate(state, settings) * group["factor"]
    with torch.autocast(batch.cell.device.type, torch.bfloat16):
        raw = state.network.finish(batch.begun)
    loss = batch_loss(raw, batch.cell, batch.targets)
    state.optimiser.zero_grad(set_to_none=True)
    loss.total.backward()
    nn.utils.clip_grad_norm_(state.network.parameters(), 10.0)
    state.optimiser.step()
    _follow(state, settings)
    state.step += 1
    state.curve.append({"step": state.step, "cls": float(loss.cls.detach()), "box": float(loss.box.detach())})
    return loss


def _follow(state: State, settings: Settings) -> None:
    """The averaged weights move a little towards the current ones; faster at the beginning."""
    keep = min(settings.average, (1 + state.step) / (10 + state.step))
    current = state.network.state_dict()
    with torch.no_grad():
        for name, mean in state.average.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(current[name], 1 - keep)


def _save(state: State, out: Path) -> None:
    """Written beside and moved, so an interrupted run never leaves half a file."""
    everything = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
        "spent_s": state.spent_s,
        "curve": state.curve,
        "sessions": state.sessions,
    }
    for name, value in (("state.pt", everything), ("average.pt", state.average.state_dict())):
        torch.save(value, out / f"{name}.new")
        (out / f"{name}.new").replace(out / name)


def _record(out: Path, state: State) -> None:
    facts = {
        "sessions": state.sessions,
        "steps": state.step,
        "minutes": round(state.spent_s / 60, 1),
        "curve": smooth(state.curve),
    }
    (out / "record.json.new").write_text(json.dumps(facts, indent=1))
    (out / "record.json.new").replace(out / "record.json")


def smooth(curve: list[dict[str, float]], every: int = 50) -> list[dict[str, float]]:
    """The mean of each `every` steps."""
    blocks = [curve[i : i + every] for i in range(0, len(curve), every)]
    return [_mean(block) for block in blocks]


def _mean(block: list[dict[str, float]]) -> dict[str, float]:
    means = {name: round(float(np.mean([row[name] for row in block])), 4) for name in block[0]}
    return means | {"step": block[-1]["step"]}


def revision() -> str:
    """The git revision of this code, with "+changes" where files differ from it; "unknown" outside a repository."""
    here = Path(__file__).parent

    def ask(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=False).stdout.strip()

    changed = ask("status", "--porcelain", "--untracked-files=no", ".")
    return (ask("rev-parse", "HEAD") or "unknown") + ("+changes" if changed else "")


def _between(start: dict[str, Tensor], trained: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The naming tower starts from chance and stays as trained, so do all names where the start knows none."""
    nameless = not start["head.naming.cls.weight"].any()
    named = "head.naming." if nameless else "head.naming.tower."
    kept = {k for k, v in trained.items() if k.startswith(named) or not v.is_floating_point()}
    if nameless:
        start = start | {"head.cls.bias": start["head.cls.bias"] + torch.from_numpy(HELD_BACK)}
    return {k: v if k in kept else torch.lerp(v, start[k], share) for k, v in trained.items()}


def load_network(path: Path, start: Path | None = None, share: float = 0.25) -> Detector:
    """A network with the weights of `average.pt`; with `start`, that share of the weights it started from.

    A point between start and end of a fine-tuning does better on cameras that it never saw (arXiv 2109.01903).
    """
    weights = torch.load(path, weights_only=True, map_location="cpu")
    if start is not None:
        weights = _between(torch.load(start, weights_only=True, map_location="cpu"), weights, share)
    network = Detector(len(CLASSES))
    network.load_state_dict(weights)
    return network
