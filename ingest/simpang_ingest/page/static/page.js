// Ages tick here, and data goes stale here: also when the connection to the centre is lost, when nobody else could say so.
(() => {
  "use strict";
  const LOST_S = 8;
  const words = JSON.parse(document.getElementById("simpang-words").textContent);

  // The same as figures.span.
  function span(seconds) {
    if (seconds >= 86400) return `${Math.floor(seconds / 86400)} ${words.d}`;
    if (seconds >= 3600) return `${Math.floor(seconds / 3600)} ${words.h}`;
    if (seconds >= 60) return `${Math.floor(seconds / 60)} ${words.min}`;
    return `${Math.floor(seconds)} ${words.s}`;
  }

  // The steady clock stands still while some machines sleep, the wall clock may be set: the later of both is safe.
  function since(start) {
    return Math.max(performance.now() - start.steady, Date.now() - start.wall) / 1000;
  }

  function tick() {
    for (const element of document.querySelectorAll("[data-age]")) {
      element.simpangStart ??= { steady: performance.now(), wall: Date.now() };
      const age = parseFloat(element.dataset.age) + since(element.simpangStart);
      const text = element.dataset.template.replace("{age}", span(age));
      if (element.textContent !== text) element.textContent = text;
      const body = element.closest("[data-stale-after]");
      if (body && age > parseFloat(body.dataset.staleAfter)) body.classList.add("is-stale");
    }
  }

  // The clock in the header comes from the centre once a second: when it stands still, so does everything else here.
  const clock = { text: null, start: null };
  function watch() {
    const text = document.querySelector(".clock")?.textContent;
    if (!text) return;
    if (text !== clock.text) Object.assign(clock, { text, start: { steady: performance.now(), wall: Date.now() } });
    document.body.classList.toggle("lost", since(clock.start) > LOST_S);
  }

  function filter(event) {
    const chip = event.target.closest?.("[data-filter]");
    if (!chip || chip === document.body) return;
    const chosen = chip.dataset.filter;
    if (chosen && document.body.dataset.filter !== chosen) document.body.dataset.filter = chosen;
    else delete document.body.dataset.filter;
  }

  function translate() {
    const lines = document.querySelectorAll("#popup span");
    [words.lost, words.again].forEach((text, index) => lines[index] && (lines[index].textContent = text));
    if (document.body && !document.getElementById("simpang-lost")) {
      const banner = Object.assign(document.createElement("div"), { id: "simpang-lost", textContent: words.lost });
      banner.setAttribute("role", "alert");
      document.body.append(banner);
    }
  }

  // Labels of the map: each beside its dot, to the right if it can be, else where it hides no dot, no worse label and
  // lies within the map. Leaflet moves them by `transform`; `translate` comes on top of it.
  const RANK = ["face-jammed", "face-congested", "face-offline", "face-stale", "face-unknown", "face-dense", "face-free"];
  function worst(label) {
    const rank = RANK.findIndex((face) => label.querySelector(`:scope > div.${face}`));
    return rank < 0 ? RANK.length : rank;
  }
  const hides = (a, b) => Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
    Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  function ways(box) {
    const [w, h] = [box.width, box.height];
    const rows = [0, h * 0.8, -h * 0.8, h * 1.2, -h * 1.2, h * 2.3, -h * 2.3];
    const middle = -w / 2 - 16;
    return [...rows.flatMap((dy) => [[0, dy], [-w - 32, dy]]), [middle, h], [middle, -h], [middle, h * 2.1], [middle, -h * 2.1]];
  }
  function spread() {
    const map = document.querySelector(".map");
    if (!map) return;
    const frame = map.getBoundingClientRect();
    const taken = [...map.querySelectorAll("path.leaflet-interactive")].map((dot) => dot.getBoundingClientRect());
    const outside = (box) => box.width * box.height - hides(box, frame);
    for (const label of [...map.querySelectorAll(".place")].sort((a, b) => worst(a) - worst(b))) {
      if (label.matches(":hover")) continue;
      const now = label.getBoundingClientRect();
      const [x, y] = label.simpangShift ?? [0, 0];
      const home = new DOMRect(now.x - x, now.y - y, now.width, now.height);
      let best = null;
      for (const [wide, dy] of ways(home)) {
        const dx = Math.max(frame.left + 4 - home.x, Math.min(wide, frame.right - 4 - home.width - home.x));
        const box = new DOMRect(home.x + dx, home.y + dy, home.width, home.height);
        const cost = taken.reduce((sum, other) => sum + hides(box, other), 0) + 2 * outside(box);
        if (!best || cost < best.cost) best = { cost, dx, dy, box };
        if (cost === 0) break;
      }
      taken.push(best.box);
      if (best.dx !== x || best.dy !== y) {
        label.simpangShift = [best.dx, best.dy];
        label.style.translate = `${best.dx}px ${best.dy}px`;
      }
    }
  }

  document.addEventListener("click", filter);
  document.addEventListener("DOMContentLoaded", translate);
  translate();
  setInterval(() => (tick(), watch(), spread()), 500);
})();
