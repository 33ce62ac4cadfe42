// The live board: takes parts of the page as they change, counts rings and seconds by itself between them, says when the
// stream is dead, and sounds at a breach. Texts come with the page.
"use strict";

const TICK_MS = 100;
const RETRY_MS = 2000;
const FLASH_MS = 4000;
const WATCH_MS = 500;

const board = document.getElementById("board");
const dead = document.getElementById("dead");
const alarm = document.getElementById("alarm");
const deadMs = Number(board.dataset.dead) * 1000;

// ---- The systems' clocks, as of the last message

let clocks = JSON.parse(board.dataset.clocks);
let rate = Number(board.dataset.rate);
let heardAt = performance.now();

function clockOf(system) {
  const shown = clocks[system] ?? clocks[""];
  return shown + (performance.now() - heardAt) * rate;
}

// ---- Counting

function tenths(ms) {
  return (Math.floor(ms / 100) / 10).toFixed(1); // cut, not rounded: 8.96 s is ring 3 and must not read 9.0
}

function clockFace(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function countRing(row) {
  const { system, since, heard, period, limit } = row.dataset;
  if (!since || row.classList.contains("doubt")) return; // not heard of: counting on would say more than is known
  const ms = Number(heard) + Math.max(0, clockOf(system) - Number(since));
  const rings = Math.floor(ms / Number(period)) + 1; // ring n + 1 begins at exactly n periods
  const judged = !row.classList.contains("transfer"); // a transfer's ringing is not judged by the rule
  const state = !judged || rings < Number(limit) ? "within" : rings === Number(limit) ? "last" : "past";
  setText(row.querySelector("[data-rings]"), String(rings));
  setText(row.querySelector("[data-seconds]"), tenths(ms));
  if (row.dataset.state !== state) row.dataset.state = state;
  row.querySelectorAll(".bell").forEach((bell, position) => bell.classList.toggle("rung", position < rings));
  setText(row.querySelector("[data-verdict]"), board.dataset[state]);
}

function tick() {
  if (document.body.classList.contains("dead")) return; // counting on would say more than is known
  for (const row of board.querySelectorAll(".ring")) countRing(row);
  for (const time of board.querySelectorAll("time.since")) {
    if (time.closest(".doubt")) continue;
    setText(time, clockFace(Math.max(0, clockOf(time.dataset.system) - Number(time.dataset.since))));
  }
  const shown = document.querySelector("[data-clock]");
  setText(shown, centreTime.format(clockOf("")));
}

const centreTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: document.querySelector("[data-clock]").dataset.zone,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

// ---- Taking what the stream brings

function replacePart(name, html) {
  const part = document.getElementById(name);
  if (!part) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.innerHTML = html; // the monitor's own templates, escaped there
  if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function takeBoard(body) {
  clocks = body.clocks;
  rate = body.rate;
  alive();
  for (const [name, html] of Object.entries(body.parts ?? {})) replacePart(name, html);
  if (body.doubtful) {
    for (const part of board.querySelectorAll(".part")) part.classList.toggle("doubt", body.doubtful.includes(part.id));
  }
  tick();
}

function takeBreach(body) {
  const told = { line: body.queue ?? body.line, rings: body.rings, agents: body.agents };
  alarm.textContent = ""; // the same words again would not be read out
  alarm.textContent = alarm.dataset.text.replace(/\{(\w+)\}/g, (_, name) => told[name]);
  document.body.classList.add("alarm");
  clearTimeout(takeBreach.timer);
  takeBreach.timer = setTimeout(() => document.body.classList.remove("alarm"), FLASH_MS);
  sound.ring();
}

// ---- The stream, and its death

let source = null;
let openedAt = 0;

function open() {
  source?.close();
  openedAt = performance.now();
  source = new EventSource(board.dataset.stream);
  source.addEventListener("board", (message) => takeBoard(JSON.parse(message.data)));
  source.addEventListener("breach", (message) => takeBreach(JSON.parse(message.data)));
}

async function leaveIfSignedOut() {
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") location.reload(); // to the sign-in, and back here from it
  } catch {
    // The monitor is away, which is what is being said already.
  }
}

function alive() {
  heardAt = performance.now();
  document.body.classList.remove("dead");
  dead.hidden = true;
}

function watch() {
  const now = performance.now();
  if (now - heardAt < deadMs) return;
  if (dead.hidden) {
    const last = clocks[""] !== undefined ? centreTime.format(clocks[""]) : "";
    dead.textContent = dead.dataset.text.replace("{time}", last);
    dead.hidden = false;
    document.body.classList.add("dead");
  }
  // A connection that is half open never says so: begin a new one until something comes.
  if (now - openedAt > Math.max(RETRY_MS, deadMs)) {
    open();
    leaveIfSignedOut();
  }
}

// ---- Sound

const sound = {
  button: document.getElementById("sound"),
  context: null,
  get on() {
    return this.button.getAttribute("aria-pressed") === "true";
  },
  set(on) {
    this.button.setAttribute("aria-pressed", String(on));
    try {
      localStorage.setItem("sound", on ? "on" : "off");
    } catch {
      // A browser that keeps nothing forgets the choice with the page.
    }
    if (on) {
      this.context ??= new AudioContext();
      this.context.onstatechange = () => this.say();
      this.context.resume();
    }
    this.say();
  },
  // Browsers let a page sound only after somebody has touched it; that must not read as on.
  say() {
    const word = this.button.querySelector("b");
    const state = !this.on ? "off" : this.context?.state === "running" ? "on" : "waits";
    word.textContent = word.dataset[state];
    this.button.dataset.state = state;
  },
  ring() {
    if (!this.on || this.context?.state !== "running") return; // tones would wait, and all sound at the first touch
    const start = this.context.currentTime;
    for (const [offset, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) {
      const tone = this.context.createOscillator();
      const volume = this.context.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, start + offset);
      volume.gain.exponentialRampToValueAtTime(0.3, start + offset + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + offset + 0.2);
      tone.connect(volume).connect(this.context.destination);
      tone.start(start + offset);
      tone.stop(start + offset + 0.21);
    }
  },
  begin() {
    // Pressed while it waits for a touch, it has been touched, and stays on.
    this.button.addEventListener("click", () => this.set(this.button.dataset.state === "waits" || !this.on));
    let kept = null;
    try {
      kept = localStorage.getItem("sound");
    } catch {
      // As above.
    }
    if (kept === "on") this.set(true);
    for (const touch of ["pointerdown", "keydown"]) {
      document.addEventListener(touch, () => this.on && this.context?.resume());
    }
  },
};

sound.begin();
open();
tick();
setInterval(tick, TICK_MS);
setInterval(watch, WATCH_MS);
// A page that slept in a background tab must not show an old board as new.
document.addEventListener("visibilitychange", () => document.hidden || watch());
