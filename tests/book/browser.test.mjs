// The built book in Chromium, from file://, as a reader meets it.
// Environment, from browser.sh: BOOK, the folder of the pages, and
// CHROMIUM; SHOTS, a folder for pictures of them, may be added.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const book = process.env.BOOK;
const pages = readdirSync(book).filter((name) => name.endsWith(".html"));
const chapters = pages.filter((name) => name.startsWith("ch_"));
const with_code = chapters[0] ??
  pages.find((name) => name.endsWith("_source.html"));
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run",
      "--disable-background-networking", "--disable-component-update",
      "--disable-sync"],
  });
});
after(() => browser?.close());

/// Opens a page; whatever it complains about, or asks of the network,
/// fails the test that calls `done`.
async function open(name, options = {}) {
  const context = await browser.newContext(
    { viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) complaints.push(request.url());
  });
  await page.goto(`file://${book}/${name}`);
  const done = async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  };
  return { page, done };
}

async function picture(page, name) {
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`,
      fullPage: true });
  }
}

/// By how many pixels something is wider than the screen. (A phone's
/// innerWidth grows with what overflows it; the screen does not.)
const overflow = (page) => page.evaluate((width) =>
  document.documentElement.scrollWidth - width,
page.viewportSize().width);

/// One page of each kind: all of the prose, one of each other sort.
const kinds = pages.filter((name, at) => !/^(class|struct|\w+_source)/
  .test(name) || pages.findIndex((other) => other.slice(0, 5) ===
  name.slice(0, 5)) === at).concat(with_code);

for (const [kind, options] of Object.entries({
  desktop: {},
  phone: { viewport: { width: 390, height: 800 }, isMobile: true,
    hasTouch: true, deviceScaleFactor: 1 },
  dark: { colorScheme: "dark" },
})) {
  test(`pages fit a ${kind} screen and load without a complaint`,
    async () => {
      const { page, done } = await open("index.html", options);
      for (const name of new Set(kinds)) {
        await page.goto(`file://${book}/${name}`);
        assert.ok(await overflow(page) <= 0, `${name} is too wide`);
        await picture(page, `${kind}-${name}`);
      }
      await done();
    });
}

test("no step opens a reference by surprise", async () => {
  const { page, done } = await open("index.html");
  for (const name of chapters) {
    await page.goto(`file://${book}/${name}`);
    const links = await page.$$eval("section.exercise a.el, p a.el",
      (all) => all.map((link) => link.getAttribute("href")));
    for (const link of links.filter((l) => /_source\.html/.test(l))) {
      await page.goto(`file://${book}/${link}`);
      const shown = await page.$$eval(".fragment", (fragments) =>
        fragments.filter((f) => !f.closest("details:not([open])") &&
          /\/\/ \[\d/.test(f.textContent)).length);
      assert.equal(shown, 0, `${name} leads to ${link}`);
      await page.goto(`file://${book}/${name}`);
    }
  }
  await done();
});

test("axe finds nothing serious", async () => {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  const { page, done } = await open("index.html");
  for (const name of new Set(["index.html", "before_you_begin.html",
    chapters[0], with_code].filter(Boolean))) {
    await page.goto(`file://${book}/${name}`);
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(async () =>
      (await window.axe.run(document, { preload: false })).violations
        .filter((v) => ["serious", "critical"].includes(v.impact))
        .map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`));
    assert.deepEqual(found, [], name);
  }
  await done();
});

test("a listing of 72 columns is not clipped on a desktop", async () => {
  const { page, done } = await open(with_code);
  const clipped = await page.$$eval(".fragment", (fragments) =>
    fragments.filter((f) => f.scrollWidth > f.clientWidth + 1).length);
  assert.equal(clipped, 0);
  await done();
});

test("dark mode follows the system, and the button keeps its choice",
  async () => {
    const { page, done } = await open("index.html", { colorScheme: "dark" });
    const theme = () => page.evaluate(() =>
      document.documentElement.dataset.theme);
    assert.equal(await theme(), "dark");
    await page.click("button.theme");
    assert.equal(await theme(), "light");
    await page.reload();
    assert.equal(await theme(), "light");
    await done();
  });

test("search opens by key, finds a section, and Enter goes there",
  async () => {
    const { page, done } = await open("index.html");
    await page.keyboard.press("/");
    await page.keyboard.type("back-pressure");
    await page.waitForSelector("dialog.search li a[href]");
    await page.keyboard.press("Enter");
    await page.waitForURL(/(ap_|ch_)\w+\.html/);
    await done();
  });

test("the contents open on a phone and close after a choice", async () => {
  const { page, done } = await open("index.html",
    { viewport: { width: 390, height: 800 }, hasTouch: true });
  assert.equal(await page.isVisible("#contents"), false);
  await page.tap("button.menu");
  assert.equal(await page.isVisible("#contents"), true);
  await page.tap("#contents a >> text=The five documents");
  await page.waitForURL(/ap_documents/);
  assert.equal(await page.isVisible("#contents"), false);
  await done();
});

test("hints are folded, and open by keyboard", async (t) => {
  const { page, done } = await open(chapters[0] ?? "index.html");
  if (await page.$("details.hint") === null) {
    await done();
    return t.skip("no chapter with hints yet");
  }
  assert.equal(await page.$("details[open]"), null);
  await page.focus("details.hint summary");
  await page.keyboard.press("Enter");
  assert.ok(await page.$("details.hint[open]"));
  await done();
});

test("a player begins at its moment and moves by keyboard", async (t) => {
  const with_player = chapters.find((name) =>
    readFileSync(`${book}/${name}`, "utf8").includes("<figure class='player'"));
  const { page, done } = await open(with_player ?? "index.html");
  if (await page.$("figure.player") === null) {
    await done();
    return t.skip("no chapter with a recorded run yet");
  }
  const at = () => page.$eval("figure.player", (figure) => 1 +
    [...figure.querySelectorAll("tbody tr")].findIndex((row) =>
      row.classList.contains("current")));
  const start = await page.$eval("figure.player", (figure) =>
    Number(figure.dataset.start));
  assert.equal(await at(), start);
  await page.focus(".player .lanes");
  await page.keyboard.press("End");
  const last = await at();
  await page.keyboard.press("ArrowUp");
  assert.equal(await at(), last - 1);
  await done();
});

test("without scripts a page is read all the same", async () => {
  const { page, done } = await open(chapters[0] ?? "ap_documents.html",
    { javaScriptEnabled: false });
  assert.ok((await page.innerText("main")).length > 500);
  assert.ok(await page.isVisible("#contents a >> text=The five documents"));
  await done();
});

test("on paper there is text only, dark on light", async () => {
  const { page, done } = await open(chapters[0] ?? "ap_documents.html",
    { colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.isVisible("#contents"), false);
  assert.equal(await page.isVisible("header.bar"), false);
  const [red] = (await page.evaluate(() =>
    getComputedStyle(document.body).color)).match(/\d+/g);
  assert.ok(Number(red) < 100);
  await picture(page, "print");
  await done();
});
