// What pages do beyond plain forms and links. Each part stands alone; without this file every page still works.
"use strict";

// A page to print says so itself.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

// A part of a form that belongs to a box is shown while the box is ticked.
for (const box of document.querySelectorAll("[data-reveals]")) {
  const part = document.getElementById(box.dataset.reveals);
  const show = () => { part.hidden = !box.checked; };
  box.addEventListener("change", show);
  show();
}

// A form that somebody has typed into is not left by a slip; one that is on its way is not sent twice.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let touched = false;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    touched = false;
  });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  window.addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
}

// After something was refused, the reason is read first.
const problem = document.getElementById("problem");
if (problem) { problem.tabIndex = -1; problem.focus(); }

// Where something is copied often, a button copies it.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = button.dataset.copied; }));
}

// Live pages: a hint says how far the log has grown, and where that is not where the page was made the parts that show records are
// asked for again. A part in which somebody is typing or has the focus is left alone.
(function live() {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  let seen = document.body.dataset.reached, asking = false, again = false, source = null;
  async function renew() {
    if (document.hidden) return;
    again = true; // What comes while the page is being asked for may be missing in the answer.
    if (asking) return;
    asking = true;
    while (again) { again = false; await ask(); }
    asking = false;
  }
  async function ask() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "Onedoor-Fresh": "1" }, redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-fresh]")) {
        const now = fresh.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
        if (!now || now.innerHTML === part.innerHTML || part.contains(document.activeElement) || part.querySelector("details[open]")) continue;
        part.replaceWith(now);
        document.dispatchEvent(new CustomEvent("renewed", { detail: now }));
      }
    } catch (gone) { /* The next hint asks again. */ }
  }
  function open() {
    source = new EventSource(address);
    source.addEventListener("grown", (event) => {
      if (event.data === seen) return;
      seen = event.data;
      renew();
    });
  }
  // A browser opens a handful of connections to one server: a page that nobody looks at gives its own up.
  function close() {
    if (source) source.close();
    source = null;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { close(); return; }
    if (!source) open();
    renew();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted && !source) open(); });
  if (!document.hidden) open();
})();
