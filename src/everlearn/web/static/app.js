// Keys: "/" goes to the search field, "g" and a letter to a section. Pages that move. Everything works without this file.
"use strict";
(() => {
  const isTyping = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"));
  let waiting = false;
  let timer = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    if (waiting) {
      waiting = false;
      window.clearTimeout(timer);
      const letter = CSS.escape(event.key);
      const link = document.querySelector(`a[data-go="${letter}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    } else if (event.key === "g") {
      waiting = true;
      timer = window.setTimeout(() => {
        waiting = false;
      }, 1500);
    }
  });
})();

// A page that moves: parts of it are sent while something is under way, each replaces the element of its id.
(() => {
  const told = document.querySelector("[data-live]");
  if (!told) {
    return;
  }
  const reachable = "a[href], summary, [tabindex]";
  const replace = ({ id, html }) => {
    const old = document.getElementById(id);
    const box = document.createElement("template");
    box.innerHTML = html;
    const fresh = box.content.firstElementChild;
    if (!old || !fresh) {
      return;
    }
    const open = [...old.querySelectorAll("details")].map((each) => each.open);
    const focus = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
    fresh.querySelectorAll("details").forEach((each, at) => {
      each.open = open[at] ?? false;
    });
    old.replaceWith(fresh);
    fresh.querySelectorAll(reachable)[focus]?.focus({ preventScroll: true });
  };
  const source = new EventSource(told.dataset.live);
  source.addEventListener("open", () => {
    told.textContent = "Under way: what comes is shown here as it comes.";
  });
  source.addEventListener("error", () => {
    told.textContent = "The connection is interrupted; it is tried again. What is shown may be old.";
  });
  source.addEventListener("part", (event) => replace(JSON.parse(event.data)));
  source.addEventListener("end", () => {
    source.close();
    told.textContent = "The run has ended; this is how it came out.";
  });
})();

// Choosing runs: the button says how many are chosen, and more than can be compared are not sent.
(() => {
  const form = document.querySelector("[data-chooser]");
  const button = form?.querySelector("[data-choose]");
  if (!button) {
    return;
  }
  const tell = () => {
    const count = form.querySelectorAll("[name=run]:checked").length;
    button.textContent = count ? `Compare ${count} ${count === 1 ? "run" : "runs"}` : "Compare chosen runs";
    button.disabled = count < 2;
  };
  form.addEventListener("change", tell);
  tell();
})();
