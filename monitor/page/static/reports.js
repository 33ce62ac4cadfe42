// While reports are made the page asks how far they are, and moves the bars. What has ended is put in place of what was,
// and told to a screen reader; what was made joins the list. Without scripts the page's own <noscript> reloads it.
"use strict";

const EVERY_MS = 1000;
const states = work => [...work.querySelectorAll("[data-job]")].map(job => job.dataset.job + job.dataset.state).join();

async function read(address) {
  const answer = await fetch(address);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// The same jobs in the same states: only figures and words move, so that focus stays where it is.
function move(work, fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const job = part.closest("[data-job]").dataset.job;
    const shown = work.querySelector(`[data-job="${job}"] [data-part="${part.dataset.part}"]`);
    if (part.tagName === "PROGRESS") shown.value = part.value;
    else if (shown.textContent !== part.textContent) shown.textContent = part.textContent;
  }
}

function say(work, fresh) {
  const before = new Map([...work.querySelectorAll("[data-job]")].map(job => [job.dataset.job, job.dataset.state]));
  const ended = [...fresh.querySelectorAll("[data-job]")]
    .filter(job => !["working", "waiting"].includes(job.dataset.state) && before.get(job.dataset.job) !== job.dataset.state)
    .map(job => `${job.getAttribute("aria-label")}: ${job.querySelector("p").textContent}`);
  if (ended.length) document.querySelector("#told").textContent = ended.join(" ");
}

async function look() {
  const work = document.querySelector("#work");
  try {
    const fresh = (await read(work.dataset.again)).querySelector("#work");
    if (!fresh) {
      // Somebody has to sign in anew.
      location.reload();
      return;
    }
    if (states(work) === states(fresh)) {
      move(work, fresh);
    } else {
      say(work, fresh);
      const focused = work.contains(document.activeElement);
      work.replaceWith(fresh);
      if (focused) fresh.focus({ preventScroll: true });
      if (work.dataset.made !== fresh.dataset.made) {
        const kept = (await read(location.href)).querySelector("#kept");
        if (kept) document.querySelector("#kept").replaceWith(kept);
      }
    }
  } catch {
    // The wire is broken: what stands here stays, and the next try may find it whole.
  }
  wait();
}

function wait() {
  if (document.querySelector("#work").dataset.again) setTimeout(look, EVERY_MS);
}

// Whoever chooses a month means a month.
for (const field of document.querySelectorAll("[data-span]")) {
  field.addEventListener("change", () => {
    document.querySelector(`[name="span"][value="${field.dataset.span}"]`).checked = true;
  });
}

wait();
