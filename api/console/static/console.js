// What all pages share: proof of who sends, updates that can be paused, and errors.
"use strict";

(() => {
  const notice = document.getElementById("notice");
  const pause = document.getElementById("pause");
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  let isPaused = false;

  // What a server said that answered with an error, without its markup.
  function told(request) {
    const page = new DOMParser().parseFromString(request.responseText || "", "text/html");
    const text = page.querySelector('[role="alert"]')?.textContent ?? "";
    return text.replace(/\s+/g, " ").trim() || `The server answered ${request.status}.`;
  }

  function show(text) {
    if (notice.textContent !== text) notice.textContent = text;
    notice.hidden = false;
  }

  // The page as it is stays, and says since when it is old.
  function failed(event, text) {
    const source = event.detail.elt;
    const isLive = source?.hasAttribute("data-live");
    if (isLive && !source.dataset.since) {
      source.dataset.since = new Date().toISOString().slice(11, 19);
    }
    show(isLive ? `${text} What you see is from ${source.dataset.since} UTC; it is tried again.` : text);
  }

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const isLive = event.detail.elt.hasAttribute("data-live");
    if (isLive && (isPaused || document.hidden)) event.preventDefault();
  });

  document.addEventListener("htmx:responseError", (event) => {
    failed(event, told(event.detail.xhr));
  });

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => failed(event, "The API does not answer."));
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    delete event.detail.elt.dataset.since;
    notice.hidden = true;
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  function offerPause() {
    if (pause) pause.hidden = !document.querySelector("[data-live]");
  }

  pause?.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
  });

  document.addEventListener("htmx:load", offerPause);
  offerPause();
})();
