// Moves through a recorded run. The run itself is in the page, as a
// table; without this script it is read by scrolling.
"use strict";

const interval = 900;  // milliseconds between two steps while playing

class player {
  constructor(figure) {
    this.lanes = figure.querySelector(".lanes");
    this.rows = [...figure.querySelectorAll("tbody tr")];
    this.head = figure.querySelector("thead");
    this.timer = null;
    this.lanes.after(this.controls());
    this.lanes.addEventListener("keydown", (event) => this.key(event));
    this.rows.forEach((row, at) =>
      row.addEventListener("click", () => this.stop_at(at)));
    this.show(Number(figure.dataset.start) - 1);
  }

  controls() {
    const bar = document.createElement("div");
    bar.className = "controls";
    const button = (label, name, action) => {
      const made = document.createElement("button");
      made.textContent = label;
      made.setAttribute("aria-label", name);
      made.addEventListener("click", action);
      bar.append(made);
      return made;
    };
    button("◀", "One step back", () => this.stop_at(this.at - 1));
    this.play_button = button("Play", "Play or stop", () => this.toggle());
    button("▶", "One step on", () => this.stop_at(this.at + 1));
    this.slider = document.createElement("input");
    Object.assign(this.slider, { type: "range", min: 1,
      max: this.rows.length });
    this.slider.setAttribute("aria-label", "Step");
    this.slider.addEventListener("input", () =>
      this.stop_at(Number(this.slider.value) - 1));
    this.place = document.createElement("span");
    bar.append(this.slider, this.place);
    return bar;
  }

  show(at) {
    this.at = Math.min(Math.max(at, 0), this.rows.length - 1);
    this.rows.forEach((row, n) =>
      row.classList.toggle("current", n === this.at));
    this.slider.value = this.at + 1;
    this.place.textContent = `${this.at + 1} of ${this.rows.length}`;
    const row = this.rows[this.at];
    const room = this.lanes.clientHeight - this.head.offsetHeight;
    this.lanes.scrollTop = row.offsetTop - this.head.offsetHeight -
      room / 2 + row.offsetHeight;
  }

  stop_at(at) {
    this.stop();
    this.show(at);
  }

  toggle() {
    if (this.timer !== null) return this.stop();
    if (this.at === this.rows.length - 1) this.show(0);
    this.play_button.textContent = "Stop";
    this.timer = setInterval(() => {
      this.show(this.at + 1);
      if (this.at === this.rows.length - 1) this.stop();
    }, interval);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play_button.textContent = "Play";
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1,
      ArrowLeft: -1 }[event.key];
    if (step !== undefined) this.stop_at(this.at + step);
    else if (event.key === "Home") this.stop_at(0);
    else if (event.key === "End") this.stop_at(this.rows.length - 1);
    else if (event.key === " ") this.toggle();
    else return;
    event.preventDefault();
  }
}

for (const figure of document.querySelectorAll("figure.player")) {
  new player(figure);
}
