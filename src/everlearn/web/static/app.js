// Keys: "/" goes to the search field, "g" and a letter to a section. Everything works without this file.
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
