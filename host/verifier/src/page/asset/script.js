// Fetches the changing part of the page again. Without it the page is the same, and as old as its last loading.
"use strict";

(() => {
  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  if (!live) return;
  const PERIOD = 4000;
  const place = "/fragment" + location.search;
  let shown = null;

  // What the keyboard stands on is found again by where it leads.
  function show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    live.replaceChildren(...fresh.body.childNodes);
    if (focused) {
      const again = [...live.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
      if (again) again.focus({ preventScroll: true });
    }
  }

  async function look() {
    if (!document.hidden && getSelection().isCollapsed) {
      try {
        const answer = await fetch(place, { signal: AbortSignal.timeout(PERIOD * 2) });
        if (!answer.ok) throw new Error(answer.status);
        const text = await answer.text();
        if (text !== shown) show(text);
        shown = text;
        lost.hidden = true;
      } catch {
        lost.hidden = false;
      }
    }
    setTimeout(look, PERIOD);
  }

  setTimeout(look, PERIOD);
})();
