import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sweepReport } from "../../../bench/plots/index.js";
import { CHROMIUM, installed, missing } from "../../examples/needs.js";
import { fixture } from "../plots/support.js";

/** As much of playwright-core as is used here; it is no dependency of this repository. */
interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}
interface Page {
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "request", listener: (request: { url(): string }) => void): void;
  goto(url: string): Promise<unknown>;
  keyboard: { press(key: string): Promise<void> };
  evaluate<T>(script: string): Promise<T>;
  close(): Promise<void>;
}

const absent = missing("browser");

describe.skipIf(absent !== null)(`a report in Chromium${absent === null ? "" : ` (${absent})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-report-"));
  const url = pathToFileURL(join(folder, "report.html")).href;
  let browser: Browser;
  let problems: string[];

  beforeAll(async () => {
    const { html } = await sweepReport(fixture("sweep"));
    writeFileSync(join(folder, "report.html"), html);
    const { chromium } = await import(pathToFileURL(join(installed()!, "node_modules/playwright-core/index.mjs")).href);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** The page; whatever it says on the console and asks of others goes to `problems`. */
  async function open(options: object = {}): Promise<Page> {
    problems = [];
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 }, ...options });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => void problems.push(message.text()));
    page.on("request", (request) => void (request.url() === url || problems.push(request.url())));
    await page.goto(url);
    return page;
  }

  test("opens without a word on the console or a request, and shows every picture", async () => {
    const page = await open();
    const sizes = await page.evaluate<number[][]>(
      "[...document.querySelectorAll('figure svg')].map((svg) => { const box = svg.getBoundingClientRect(); return [box.width, box.height]; })",
    );
    expect(sizes).toHaveLength(23);
    for (const [width, height] of sizes) {
      expect(width).toBeGreaterThan(800);
      expect(height).toBeGreaterThan(150);
    }
    expect(problems.filter((problem) => !problem.startsWith("data:"))).toEqual([]);
    await page.close();
  });

  test.each([
    ["light", "rgb(255, 255, 255)", "rgb(31, 35, 40)", "rgb(89, 99, 110)"],
    ["dark", "rgb(13, 17, 23)", "rgb(230, 237, 243)", "rgb(145, 152, 161)"],
  ])("is %s where the reader prefers that, pictures and all", async (colorScheme, ground, ink, dim) => {
    const page = await open({ colorScheme });
    const styles = await page.evaluate<string[]>(
      `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,
        getComputedStyle(document.querySelector('svg rect')).fill, getComputedStyle(document.querySelector('svg text')).fill]`,
    );
    expect(styles).toEqual([ground, ink, ground, dim]);
    await page.close();
  });

  test.each(["light", "dark"])("has nothing that axe would change, %s", async (colorScheme) => {
    const page = await open({ colorScheme });
    await page.evaluate(readFileSync(join(installed()!, "node_modules/axe-core/axe.min.js"), "utf8"));
    const violations = await page.evaluate<string[]>(
      'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html.slice(0, 120))))',
    );
    expect(violations).toEqual([]);
    await page.close();
  });

  test("is read with the keyboard: a link past the contents, figures that open, tables that scroll", async () => {
    const page = await open();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("To the results");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    const reached = await page.evaluate<number>(
      "[...document.querySelectorAll('.scroll, pre, summary, a')].filter((element) => element.tabIndex < 0).length",
    );
    expect(reached).toBe(0);
    await page.evaluate("document.querySelector('summary').focus()");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.querySelector('details').open")).toBe(true);
    await page.close();
  });

  test("fits a narrow screen", async () => {
    const page = await open({ viewport: { width: 390, height: 800 } });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await page.close();
  });
});
