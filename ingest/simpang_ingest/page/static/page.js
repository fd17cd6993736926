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

  document.addEventListener("click", filter);
  document.addEventListener("DOMContentLoaded", translate);
  translate();
  setInterval(() => (tick(), watch()), 500);
})();
