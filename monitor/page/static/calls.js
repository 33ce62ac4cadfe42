// The page of a call in progress asks for itself again and puts what came in place of what was, so that nothing jumps and
// a screen reader does not begin anew. Without scripts the page's own <noscript> reloads it.
"use strict";

function again() {
  const wish = document.querySelector("[data-again]");
  if (!wish) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(wish.dataset.again);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-again]")) {
        // The call has ended and its record is there; or somebody has to sign in, or the ledger is away.
        location.replace(location.pathname);
        return;
      }
      document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
      document.title = page.title;
    } catch {
      // The wire is broken: what stands here stays, and the next try may find it whole.
    }
    again();
  }, Number(wish.dataset.seconds) * 1000);
}

again();
