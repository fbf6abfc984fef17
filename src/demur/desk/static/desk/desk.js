// Small conveniences over pages that work without any script.
"use strict";
(() => {
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName));

  // "/" goes to the search field, Ctrl K to what may be done on this case.
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !typing(document.activeElement)) {
      const find = document.querySelector("[data-find]");
      if (find) { event.preventDefault(); find.focus(); find.select(); }
    }
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      const acts = document.querySelector("#acts-now a, #acts-now button:not([disabled])");
      if (acts) { event.preventDefault(); acts.focus(); }
    }
    if (typing(document.activeElement)) return;
    // Among facts: j and k step, Enter confirms the one that has the focus (its button is the focus).
    if (event.key === "j" || event.key === "k") {
      const stops = [...document.querySelectorAll("[data-step]")];
      if (!stops.length) return;
      const here = stops.findIndex((el) => el.contains(document.activeElement));
      const next = stops[Math.min(Math.max(here + (event.key === "j" ? 1 : -1), 0), stops.length - 1)];
      const first = next.querySelector("button, a") || next;
      first.focus();
    }
  });

  // A fact and its mark on the page light up together.
  const light = (event, on) => {
    const from = event.target.closest && event.target.closest("[data-fact]");
    if (!from) return;
    const facts = from.dataset.fact.split(" ");
    for (const el of document.querySelectorAll("[data-fact]")) {
      el.classList.toggle("on", on && el.dataset.fact.split(" ").some((f) => facts.includes(f)));
    }
  };
  for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, (e) => light(e, true));
  for (const kind of ["mouseout", "focusout"]) document.addEventListener(kind, (e) => light(e, false));

  // A link to a fact that lies folded away unfolds it.
  const unfold = () => {
    const at = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let fold = at && at.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (at && at.matches("details")) at.open = true;
    if (at) at.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", unfold);
  unfold();

  // Choosing a value is answering: forms marked so need no second click.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form) form.requestSubmit();
  });

  // What was being read is read now: show it, unless somebody is filling in a form, whose words would be lost.
  document.addEventListener("htmx:afterSettle", () => {
    const read = document.querySelector("#reading[data-read] a");
    const typed = [...document.querySelectorAll("main input:not([type=hidden]), main textarea")];
    if (read && typed.every((el) => el.value === el.defaultValue)) location.assign(read.href);
  });

  // After a part of the page was replaced, the focus goes on to the next thing to do.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const wanted = event.detail.target && event.detail.target.querySelector && document.querySelector("[data-next]");
    if (wanted) wanted.focus({ preventScroll: true });
  });
})();
