"""The card of a camera as markup. Whatever is only true of live data carries the class `live-only`, what takes its
place when the data stops `stale-only`: so that the browser can make a card stale by itself, even when it has lost
its connection to the centre."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .faces import Face
from .figures import UNKNOWN, LocalTime, number, span, with_unit
from .icons import icon
from .looks import CameraLook, RowLook, in_language
from .markup import Markup, classes, join, tag
from .ports import Compared
from .settings import ScreenSettings
from .words import Words

DOUBT: Final = 0.8
"""A card says of a lower score of the last minute what it is, and by what. [ours]"""


@dataclass(frozen=True, slots=True)
class Teller:
    """What is needed to put anything into words: language, local time, settings."""

    words: Words
    time: LocalTime
    settings: ScreenSettings


def camera_path(look: CameraLook) -> str:
    """Where the camera's own page is."""
    return f"/camera/{look.key.site}/{look.key.camera}"


def place_name(identifier: str) -> str:
    """A junction's id as a person writes it: junctions have no other name in the messages."""
    return identifier.replace("-", " ").replace("_", " ").title()


def card_head(look: CameraLook, words: Words) -> Markup:
    """Name, junction and what kind of camera it is; changes only when the configuration does."""
    junction = (
        tag("a", place_name(look.junction), href=f"/junction/{look.junction}", class_="junction-link")
        if look.junction
        else None
    )
    badge = tag("span", words.simulated, class_="badge", title=words.simulated_why) if look.simulated else None
    return join(
        tag("h2", tag("a", look.name, href=camera_path(look))),
        tag("div", junction, tag("span", look.key.site, class_="site"), badge, class_="where"),
    )


def card_body(
    look: CameraLook,
    teller: Teller,
    truth: Iterable[tuple[RowLook, tuple[Compared, ...]]] = (),
    events: Markup | None = None,
) -> Markup:
    """State, reason, age, events that last, and figures. data-sent makes the markup of every new message differ, even
    where all it says is the same: or the browser would keep counting the age of the message before."""
    return tag(
        "div",
        state_line(look, teller),
        reason_line(look, teller),
        quality_line(look, teller.words),
        events,
        _figures(look, teller.words),
        _other_approaches(look, teller.words),
        join(*(truth_line(row, compared, look, teller.words) for row, compared in truth)),
        class_=classes("body", f"face-{look.face.value}", None if look.current else "is-stale"),
        data_stale_after=teller.settings.stale_s,
        data_sent=look.live_sent_s,
    )


def state_line(look: CameraLook, teller: Teller) -> Markup:
    """Sign, word and age of the data."""
    words = teller.words
    after = look.face if not look.current else Face.STALE
    return tag(
        "div",
        tag("span", icon(look.face), tag("b", words.face(look.face)), class_="state live-only"),
        tag("span", icon(after), tag("b", words.face(after)), class_=f"state stale-only as-{after.value}"),
        _age(look.age_s, words.ago, words),
        class_="state-line",
    )


def reason_line(look: CameraLook, teller: Teller) -> Markup:
    """Why: the sentence that came with the state, and what to know once the data has stopped."""
    words = teller.words
    said = in_language(look.reason, words.language)
    lead = look.lead
    whose = f"{lead.name}: " if said and lead and look.current and len(look.approaches) > 1 else ""
    live = tag("span", whose + (said or words.not_measured), class_="live-only")
    return tag("p", live, tag("span", _stopped(look, said, teller), class_="stale-only"), class_="reason")


def quality_line(look: CameraLook, words: Words) -> Markup | None:
    """How well the last minute was seen, where not well; nothing of a good picture, a card stays calm."""
    row = look.lead.row if look.lead else None
    if row is None or row.quality is None or row.quality.score is None or row.quality.score >= DOUBT:
        return None
    flags = ", ".join(words.flag(flag) for flag in row.quality.flags)
    score = f"{words.quality_short} {number(row.quality.score, words, 2)}"
    return tag("p", f"{score} · {flags}" if flags else score, class_="quality live-only")


def _stopped(look: CameraLook, said: str | None, teller: Teller) -> Markup:
    words = teller.words
    if look.face is Face.OFFLINE:
        return Markup(join(said, None if look.since_s is None else _since(look.since_s, bool(said), teller)))
    return _age(look.age_s, words.stopped_ago, words)


def _since(since_s: float, continued: bool, teller: Teller) -> Markup:
    template = teller.words.since if continued else teller.words.no_data_since
    return join(" · " if continued else None, template.format(time=teller.time.full(since_s)))


def _age(age_s: float | None, template: str, words: Words) -> Markup:
    """An age that the browser counts on with; words.never_seen where there was nothing."""
    if age_s is None:
        return tag("span", UNKNOWN, class_="age", title=words.no_live_yet)
    text = template.format(age=span(age_s, words))
    return tag("span", text, class_="age", data_age=f"{age_s:.1f}", data_template=template)


def age(age_s: float | None, words: Words) -> Markup:
    """An age for tables."""
    return _age(age_s, words.ago, words) if age_s is not None else tag("span", words.never_seen, class_="age")


def _figures(look: CameraLook, words: Words) -> Markup:
    """Those of the approach that the card speaks of; of one that was not seen well enough none, least of all a 0."""
    row = look.lead.row if look.lead and look.lead.face is not Face.UNKNOWN else None
    beyond = bool(row and row.queue_beyond_view)
    why = words.not_measured if look.current else words.face(look.face).lower()
    return tag(
        "dl",
        _figure(tag("dt", words.queue, class_="key-queue"), row.queue_m if row else None, words.m, why, words, beyond),
        _figure(tag("dt", words.speed, class_="key-speed"), row.speed_kmh if row else None, words.kmh, why, words),
        _figure(tag("dt", words.flow), row.flow_vph if row else None, words.vph, why, words),
        class_="figures",
    )


def _figure(name: Markup, value: float | None, unit: str, why: str, words: Words, at_least: bool = False) -> Markup:
    """why: what stands under the dash of a figure that is not known."""
    if value is None:
        return tag("div", name, tag("dd", UNKNOWN, class_="none"), tag("small", why))
    last = words.last_known.format(value=with_unit(value, unit, words))
    return tag(
        "div",
        name,
        tag(
            "dd",
            tag("span", ("≥ " if at_least else "") + number(value, words), class_="live-only"),
            tag("span", UNKNOWN, class_="stale-only none"),
        ),
        tag("small", unit, class_="live-only"),
        tag("small", last, class_="stale-only"),
        title=words.beyond_view if at_least else None,
    )


def _other_approaches(look: CameraLook, words: Words) -> Markup | None:
    if len(look.approaches) < 2:
        return None
    return tag("ul", *(_approach_line(one, words) for one in look.approaches), class_="approaches live-only")


def _approach_line(one: RowLook, words: Words) -> Markup:
    row = one.row
    figures = (
        tag("span", with_unit(row.queue_m, words.m, words), class_="figure"),
        tag("span", with_unit(row.speed_kmh, words.kmh, words), class_="figure"),
    ) if row and one.face is not Face.UNKNOWN else ()  # fmt: skip
    return tag(
        "li",
        icon(one.face),
        tag("span", one.name, class_="name"),
        tag("span", words.face(one.face), class_=classes("word", None if figures else "alone")),
        *figures,
        class_=f"face-{one.face.value}",
    )


def truth_line(one: RowLook, compared: tuple[Compared, ...], look: CameraLook, words: Words) -> Markup | None:
    """How far the measured figures are from the true ones, where the truth is known."""
    if not compared:
        return None
    name = f" {one.name}" if len(look.approaches) > 1 else ""
    return tag(
        "p",
        tag("b", words.truth + name),
        *(_compared(item, words) for item in compared),
        class_="truth",
        title=words.truth_why,
    )


def _compared(item: Compared, words: Words) -> Markup:
    label, unit = {
        "count": (words.truth_count, words.vehicles),
        "speed": (words.speed, words.kmh),
        "queue": (words.queue, words.m),
    }[item.quantity]
    both = words.truth_of.format(measured=number(item.measured, words), true=with_unit(item.true, unit, words))
    return tag("span", f"{label} {both}", tag("em", error_text(item, words)))


def error_text(item: Compared, words: Words) -> str:
    """Measured less true: counts as a share of the truth, the rest in its unit; a dash where either is unknown."""
    if item.measured is None or item.true is None:
        return UNKNOWN
    error = item.measured - item.true
    if item.quantity == "count":
        return _signed(100 * error / item.true, words, words.percent) if item.true else UNKNOWN
    return _signed(error, words, words.kmh if item.quantity == "speed" else words.m)


def _signed(value: float, words: Words, unit: str) -> str:
    sign = "+" if round(value) > 0 else "−" if round(value) < 0 else "±"
    return f"{sign}{number(abs(value), words)} {unit}"
