"""The track log: what the tracker said of every frame, kept on the box when somebody asks for it.

A folder of Parquet files per camera. One row is one step of the worker: a frame with its confirmed tracks (also when
there were none, so that what was observed can be told), a look at the scene or the signal heads, time that passed
without a frame, or the end. Ids are the tracker's own, of this box and this run; no picture, no plate, no face.

A file is written under another name and renamed when it is complete, so every file that is there can be read; a worker
that is killed loses what it had not written yet, at most `part_s`.
"""

import importlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from .config import Recording
from .data import Colour, Lamps, Scene, Tracks
from .errors import RecordingError

FORMAT: Final = "1"
FRAME: Final = "frame"
SCENE: Final = "scene"
LAMPS: Final = "lamps"
SILENCE: Final = "silence"
END: Final = "end"

ENCODING: Final[dict[str, Any]] = {
    "use_dictionary": ["what", "kind.list.element"],
    "use_byte_stream_split": ["xyxy_px.list.element", "time_s"],
}
"""Makes files a fifth smaller than Parquet's defaults: they are nearly all boxes, whose high bytes are alike."""

MOST_STEPS: Final = 50_000
"""A file is closed when it has so many rows, however short the time."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Time went on without a frame until `time_s`."""

    time_s: float


@dataclass(frozen=True, slots=True)
class End:
    """The worker stopped at `time_s`."""

    time_s: float


Step = Tracks | Scene | Lamps | Silence | End


@dataclass(frozen=True, slots=True)
class Source:
    """Whose tracks a log holds.

    run: start of the worker, POSIX milliseconds. size_px: width and height, None before the first frame. approaches:
    ids in the order of the configuration then, which `Lamps.shown` counts; None in a log that does not tell.
    """

    site: str
    camera: str
    run: int
    size_px: tuple[int, int] | None = None
    approaches: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Rows:
    """The rows of a file that is being made, as columns."""

    what: list[str] = field(default_factory=list)
    time_s: list[float] = field(default_factory=list)
    id: list[list[int]] = field(default_factory=list)
    kind: list[list[int]] = field(default_factory=list)
    xyxy_px: list[Any] = field(default_factory=list)
    gone: list[list[int]] = field(default_factory=list)
    scene: list[str | None] = field(default_factory=list)

    def add(
        self,
        what: str,
        time_s: float,
        tracks: Tracks | None = None,
        scene: Scene | None = None,
        lamps: Lamps | None = None,
    ) -> None:
        """One more row."""
        self.what.append(what)
        self.time_s.append(time_s)
        self.id.append(tracks.id.tolist() if tracks is not None else [])
        self.kind.append(tracks.kind.tolist() if tracks is not None else [])
        self.xyxy_px.append(tracks.xyxy_px.astype(np.float32).ravel() if tracks is not None else [])
        self.gone.append(tracks.gone.tolist() if tracks is not None else [])
        told = scene if scene is not None else lamps
        self.scene.append(json.dumps(asdict(told)) if told is not None else None)


class TrackLog:
    """Writes one camera's steps to files of `Recording.part_s`, and keeps them within size and age.

    Raises `RecordingError` when the extra is missing or a file cannot be written; what that file held is then lost and
    counted in `lost_steps`, and the next file begins anew.
    """

    def __init__(self, rules: Recording, folder: Path, source: Source) -> None:
        self._arrow = _parquet()
        self._rules = rules
        self._folder = folder / source.camera
        self._source = source
        self._rows = _Rows()
        self._part = 0
        self.lost_steps = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for broken in self._folder.glob("*.unfinished"):
                broken.unlink()
        except OSError as exc:
            raise RecordingError(f"record: cannot keep files in {self._folder}: {exc}") from exc

    def frame(self, tracks: Tracks, size_px: tuple[int, int]) -> None:
        """Keep a frame's tracks."""
        if size_px != self._source.size_px:
            if self._source.size_px is not None:
                self.close()
            self._source = replace(self._source, size_px=size_px)
        self._rows.add(FRAME, tracks.time_s, tracks=tracks)
        self._close_when_full()

    def scene(self, scene: Scene) -> None:
        """Keep a look at the picture itself."""
        self._rows.add(SCENE, scene.time_s, scene=scene)

    def lamps(self, lamps: Lamps) -> None:
        """Keep what the signal heads show."""
        self._rows.add(LAMPS, lamps.time_s, lamps=lamps)

    def silence(self, time_s: float) -> None:
        """Keep that time went on without a frame."""
        self._rows.add(SILENCE, time_s)
        self._close_when_full()

    def end(self, time_s: float) -> None:
        """Keep that the worker stopped, and write what is left."""
        self._rows.add(END, time_s)
        self.close()

    def close(self) -> None:
        """Write what is not written yet."""
        if not self._rows.what:
            return
        rows, self._rows = self._rows, _Rows()
        self._part += 1
        name = f"{_stamp(rows.time_s[0])}-{self._source.run}-{self._part:06d}.parquet"
        try:
            self._write(rows, self._folder / name)
            self._sweep(rows.time_s[-1])
        except OSError as exc:
            self.lost_steps += len(rows.what)
            raise RecordingError(f"record: cannot write {self._folder / name}: {exc}") from exc

    def _close_when_full(self) -> None:
        times_s = self._rows.time_s
        if abs(times_s[-1] - times_s[0]) >= self._rules.part_s or len(times_s) >= MOST_STEPS:
            self.close()

    def _write(self, rows: _Rows, file: Path) -> None:
        arrow, parquet = self._arrow
        columns = {
            "what": arrow.array(rows.what, arrow.string()),
            "time_s": arrow.array(rows.time_s, arrow.float64()),
            "id": arrow.array(rows.id, arrow.list_(arrow.int64())),
            "kind": arrow.array(rows.kind, arrow.list_(arrow.int8())),
            "xyxy_px": arrow.array(rows.xyxy_px, arrow.list_(arrow.float32())),
            "gone": arrow.array(rows.gone, arrow.list_(arrow.int64())),
            "scene": arrow.array(rows.scene, arrow.string()),
        }
        table = arrow.table(columns).replace_schema_metadata(_metadata(self._source, self._part))
        unfinished = file.with_suffix(".unfinished")
        try:
            parquet.write_table(table, unfinished, compression="zstd", **ENCODING)
            os.replace(unfinished, file)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _sweep(self, now_s: float) -> None:
        """Drop files farther from the newest step than the limit of age (a clock may have been ahead), then the first
        written until the rest fits."""
        away_s = self._rules.max_age_days * 86400
        oldest, newest = (_stamp(now_s + sign * away_s) for sign in (-1, 1))
        room = self._rules.max_mb * 1e6
        for number, file in enumerate(sorted(self._folder.glob("*.parquet"), key=_written, reverse=True)):
            room -= file.stat().st_size
            if not oldest <= file.name[:15] <= newest or (room < 0 and number > 0):
                file.unlink()


def _stamp(time_s: float) -> str:
    """A time as the names of files begin with it."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y%m%dT%H%M%S")


def _written(file: Path) -> tuple[int, ...]:
    """Run and part: the order in which files were written, whatever the clock said."""
    return tuple(int(part) for part in re.findall(r"\d+", file.stem)[-2:])


WITHOUT: Final = "move it out of the folder: the rest can be measured, its time counts as not observed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a worker, in the order of its files."""

    source: Source
    files: tuple[Path, ...]

    def steps(self) -> Iterator[Step]:
        """Everything that was kept of it, in order. Raises `RecordingError` for a file that cannot be read."""
        for file in self.files:
            yield from _steps(file)

    def around(self, from_s: float, to_s: float) -> "Run":
        """The same run, but only the files with steps in this span; without reading the others."""
        spans = [_range(file, "time_s") for file in self.files]
        kept = [span is not None and span[0] <= to_s and span[1] >= from_s for span in spans]
        return replace(self, files=tuple(file for file, keep in zip(self.files, kept, strict=True) if keep))

    def holding(self, track: int) -> "Run":
        """The same run, but only the files in which a track is, and the one before and after."""
        has = [_has(file, track) for file in self.files]
        near = [any(has[max(0, i - 1) : i + 2]) for i in range(len(has))]
        return replace(self, files=tuple(file for file, keep in zip(self.files, near, strict=True) if keep))

    def __len__(self) -> int:
        """How many steps there are."""
        return sum(_facts(file).num_rows for file in self.files)

    def tracks(self) -> tuple[int, int] | None:
        """The lowest and the highest number of a track; None without any."""
        ranges = [span for file in self.files if (span := _range(file, "id.list.element")) is not None]
        return (int(min(low for low, _ in ranges)), int(max(high for _, high in ranges))) if ranges else None


def runs(path: Path, camera: str | None = None) -> tuple[Run, ...]:
    """The runs in a log: one file, a camera's folder, or a folder of cameras.

    Raises `RecordingError` when there is none, or several cameras and none is named.
    """
    files = _files(path)
    sources = [(*_source(file), file) for file in files]
    cameras = sorted({source.camera for source, _, _ in sources})
    wanted = camera or (cameras[0] if len(cameras) == 1 else None)
    if wanted is None or wanted not in cameras:
        asked = "name one with --camera" if camera is None else f"{camera!r} is not one of them"
        raise RecordingError(f"{path}: holds tracks of {', '.join(cameras)}: {asked}")
    own = sorted((source.run, part, file, source) for source, part, file in sources if source.camera == wanted)
    found: list[Run] = []
    for _, _, file, source in own:
        if found and _goes_on(found[-1].source, source):
            found[-1] = Run(
                replace(source, size_px=source.size_px or found[-1].source.size_px), (*found[-1].files, file)
            )
        else:
            found.append(Run(source, (file,)))
    return tuple(found)


def _goes_on(before: Source, source: Source) -> bool:
    """Whether a file goes on with a run; a picture of another size begins anew, one without frames has none."""
    sizes = {before.size_px, source.size_px} - {None}
    return before.run == source.run and len(sizes) <= 1


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted((*path.glob("*.parquet"), *path.glob("*/*.parquet")))
    files = [file for file in files if file.is_file()]
    if not files:
        raise RecordingError(f"{path}: no track log there; simpang edge run --record FOLDER makes one")
    return files


def _metadata(source: Source, part: int) -> dict[str, str]:
    size = "" if source.size_px is None else f"{source.size_px[0]}x{source.size_px[1]}"
    return {
        "simpang.tracks": FORMAT,
        "site": source.site,
        "camera": source.camera,
        "run": str(source.run),
        "part": str(part),
        "size_px": size,
        **({} if source.approaches is None else {"approaches": json.dumps(source.approaches)}),
    }


def _source(file: Path) -> tuple[Source, int]:
    """Whose tracks a file holds, and its number within the run."""
    _, parquet = _parquet()
    try:
        raw = parquet.read_schema(file).metadata or {}
    except (OSError, ValueError) as exc:
        raise RecordingError(f"{file}: not a Parquet file that can be read ({exc}); {WITHOUT}") from exc
    known = {key.decode(): value.decode() for key, value in raw.items()}
    if known.get("simpang.tracks") != FORMAT:
        raise RecordingError(f"{file}: not a track log of format {FORMAT}")
    size = re.fullmatch(r"(\d+)x(\d+)", known["size_px"])
    size_px = (int(size[1]), int(size[2])) if size else None
    approaches = tuple(json.loads(known["approaches"])) if "approaches" in known else None
    return Source(known["site"], known["camera"], int(known["run"]), size_px, approaches), int(known["part"])


def _range(file: Path, column: str) -> tuple[float, float] | None:
    """Least and greatest value of a column, from the file's own statistics; None for a column without values."""
    facts = _facts(file)
    groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
    found = [
        part.statistics
        for group in groups
        for part in (group.column(i) for i in range(group.num_columns))
        if part.path_in_schema == column and part.statistics is not None and part.statistics.has_min_max
    ]
    return (min(one.min for one in found), max(one.max for one in found)) if found else None


def _has(file: Path, track: int) -> bool:
    """Whether a track is in a file; its numbers are only read where their range allows it."""
    span = _range(file, "id.list.element")
    if span is None or not span[0] <= track <= span[1]:
        return False
    ids = _table(file, ["id"])["id"].combine_chunks().flatten()
    return bool((ids.to_numpy() == track).any())


def _table(file: Path, columns: list[str] | None = None) -> Any:
    """The rows of a file. Raises `RecordingError` where it is damaged."""
    return _read(file, lambda parquet: parquet.read_table(file, columns=columns))


def _facts(file: Path) -> Any:
    """What a file says of itself at its end. Raises `RecordingError` where that is damaged."""
    return _read(file, lambda parquet: parquet.ParquetFile(file).metadata)


def _read(file: Path, how: Callable[[Any], Any]) -> Any:
    arrow, parquet = _parquet()
    try:
        return how(parquet)
    except (OSError, arrow.ArrowInvalid) as exc:
        raise RecordingError(f"{file}: cannot be read ({' '.join(str(exc).split())}); {WITHOUT}") from exc


def _steps(file: Path) -> Iterator[Step]:
    table = _table(file)
    what, times_s = table["what"].to_pylist(), table["time_s"].to_pylist()
    ids, kinds, gone = (_lists(table[name], np.int64) for name in ("id", "kind", "gone"))
    boxes = _lists(table["xyxy_px"], np.float32)
    scenes = table["scene"].to_pylist()
    for n, name in enumerate(what):
        if name == FRAME:
            yield Tracks(times_s[n], ids[n], boxes[n].reshape(-1, 4), kinds[n], gone[n])
        elif name == SCENE:
            yield _scene(json.loads(scenes[n]))
        elif name == LAMPS:
            yield _lamps(json.loads(scenes[n]))
        else:
            yield Silence(times_s[n]) if name == SILENCE else End(times_s[n])


def _scene(fields: dict[str, Any]) -> Scene:
    """As it was told; JSON gives back every float to the last bit."""
    return Scene(**{**fields, "flags": tuple(fields["flags"])})


def _lamps(fields: dict[str, Any]) -> Lamps:
    shown = tuple((approach, Colour(colour) if colour else None) for approach, colour in fields["shown"])
    return Lamps(fields["time_s"], shown)


def _lists(column: Any, kind: type[Any]) -> Sequence[Any]:
    """The lists of a column as arrays."""
    return [np.array(one, kind) for one in column.to_pylist()]


def _parquet() -> tuple[Any, Any]:
    """pyarrow and its Parquet part, loaded when they are needed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as exc:
        raise RecordingError("a track log needs the Python package pyarrow: pip install 'simpang[record]'") from exc
