// What a page can do besides being read: contents on a phone, light and
// dark, search, copying code. Works from file://, asks no network.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) =>
  [...within.querySelectorAll(selector)];

// ---- Contents ---------------------------------------------------------

const contents = find("#contents");
const menu = find(".bar .menu");

function show_contents(open) {
  contents.classList.toggle("open", open);
  menu.setAttribute("aria-expanded", String(open));
}
menu.addEventListener("click", () =>
  show_contents(!contents.classList.contains("open")));
contents.addEventListener("click", (event) => {
  if (event.target.closest("a")) show_contents(false);
});

// The section that is being read, marked in the contents.
const sections = all("#contents li ol a")
  .map((link) => ({ link, heading: document.getElementById(
    decodeURIComponent(link.hash.slice(1))) }))
  .filter((section) => section.heading);

function mark_section() {
  const above = sections.filter(
    (s) => s.heading.getBoundingClientRect().top < innerHeight / 3);
  const reading = above[above.length - 1];
  for (const section of sections) {
    section.link.classList.toggle("reading", section === reading);
  }
}
if (sections.length > 0) {
  addEventListener("scroll", mark_section, { passive: true });
  mark_section();
}

// ---- Light and dark -----------------------------------------------------

find(".bar .theme").addEventListener("click", () => {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch (refused) {}
});

// ---- Code ------------------------------------------------------------------

for (const fragment of all("main .fragment")) {
  if (!navigator.clipboard || fragment.closest(".checkpoint")) continue;
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const lines = all(".line", fragment).map((line) => line.textContent);
    await navigator.clipboard.writeText(lines.join("\n") + "\n");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  fragment.append(button);
}

// Folded hints, answers and solutions stay folded on paper.
// A link to an anchor inside a fold opens it.
function unfold_target() {
  const target = location.hash && document.getElementById(
    decodeURIComponent(location.hash.slice(1)));
  const fold = target && target.closest("details");
  if (fold) fold.open = true;
}
addEventListener("hashchange", unfold_target);
unfold_target();

// ---- Search ------------------------------------------------------------------

const dialog = find("dialog.search");
const input = find("input", dialog);
const results = find("ol", dialog);

/// Loads the index when search is first asked for; a script element,
/// because fetch() is refused from file://.
function load_index() {
  if (find("script[data-index]")) return;
  const script = document.createElement("script");
  script.dataset.index = "";
  script.src = "search-index.js";
  script.addEventListener("load", search);
  document.head.append(script);
}

/// How well an entry answers: every word must occur; in the title counts
/// most; chapters come before appendices, and those before the API.
function score(entry, words) {
  const title = entry.title.toLowerCase();
  const text = entry.text.toLowerCase();
  let sum = entry.rank;
  for (const word of words) {
    const at = title.indexOf(word);
    if (at === 0) sum += 12;
    else if (at > 0) sum += 8;
    else if (text.includes(word)) sum += 1;
    else return -1;
  }
  return sum;
}

/// The text around the first word found, that word marked; or how the
/// text begins, where only the title has it.
function excerpt(text, word) {
  const small = document.createElement("small");
  const at = text.toLowerCase().indexOf(word);
  const from = at < 40 ? 0 : text.lastIndexOf(" ", at - 30) + 1;
  const end = text.indexOf(" ", Math.max(at, 0) + 90);
  const to = end < 0 ? text.length : end;
  if (at < 0) {
    small.append(text.slice(0, to));
    return small;
  }
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + word.length);
  small.append(text.slice(from, at), mark,
    text.slice(at + word.length, to));
  return small;
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  results.replaceChildren();
  if (words.length === 0 || !window.SEARCH_INDEX) return;
  const found = window.SEARCH_INDEX
    .map((entry) => ({ entry, points: score(entry, words) }))
    .filter((hit) => hit.points >= 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, 12);
  for (const { entry } of found) {
    const link = document.createElement("a");
    link.href = entry.url;
    link.append(entry.title, excerpt(entry.text, words[0]));
    link.addEventListener("click", () => dialog.close());
    const item = document.createElement("li");
    item.append(link);
    results.append(item);
  }
  if (found.length === 0) {
    const item = document.createElement("li");
    item.innerHTML = "<a>Nothing found</a>";
    results.append(item);
  }
}

function open_search() {
  load_index();
  dialog.showModal();
  input.select();
}
find(".bar .find").addEventListener("click", open_search);
input.addEventListener("input", search);
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  const links = all("a[href]", results);
  const at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    (links[at + step] || input).focus();
  } else if (event.key === "Enter" && at < 0 && links.length > 0) {
    event.preventDefault();
    links[0].click();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, dialog")) {
    event.preventDefault();
    open_search();
  }
  if (event.key === "Escape") show_contents(false);
});
