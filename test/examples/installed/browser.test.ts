import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHROMIUM, installed, missing } from "../needs.js";
import { npmStart, origin, place } from "../support.js";

/** As much of playwright-core as is used here; it is no dependency of this repository. */
interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}
interface Page {
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  evaluate<T>(script: string): Promise<T>;
  screenshot(options: object): Promise<unknown>;
  close(): Promise<void>;
}
interface Locator {
  nth(index: number): Locator;
  count(): Promise<number>;
  click(): Promise<void>;
  allTextContents(): Promise<string[]>;
  textContent(): Promise<string | null>;
  inputValue(): Promise<string>;
}

const absent = missing("browser");

describe.skipIf(absent !== null)(`examples/browser${absent === null ? "" : ` (${absent})`}`, () => {
  const folder = place("browser");
  let browser: Browser;
  let url: string;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    const { chromium } = await import(pathToFileURL(join(installed()!, "node_modules/playwright-core/index.mjs")).href);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    // esbuild tells its address on stderr.
    url = await origin(npmStart(folder, {}, "--serve=0", "2>&1"));
  });
  afterAll(() => browser?.close());

  async function open(options: object = {}): Promise<void> {
    await page?.close();
    problems = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
    await page.goto(url);
  }
  beforeEach(() => open());

  /** Types a prompt, sends it with Enter and waits for the end of its answer. */
  async function send(prompt: string): Promise<void> {
    await page.keyboard.type(prompt);
    await page.keyboard.press("Enter");
    await answered();
  }
  const answered = () =>
    expect.poll(() => page.locator("#log").textContent(), { timeout: 20_000 }).not.toContain("Computing");
  const texts = (selector: string) => page.locator(selector).allTextContents();

  test("typed with the keyboard alone: a prompt that shares a beginning splits the tree and goes to the same replica", async () => {
    await page.keyboard.press("Tab");
    await send("You are a helpful assistant. Why is the sky blue?");
    expect(await texts(".piece .text")).toEqual(["You are a helpful assistant. Why is the sky blue?"]);
    const [owner] = await texts(".piece .owners");

    await page.keyboard.type("You are a helpful assistant. Why is grass green?");
    expect(await texts("#preview mark")).toEqual(["You are a helpful assistant. Why is "]);
    expect(await texts("#known .badge")).toEqual([owner]);
    await page.keyboard.press("Enter");
    await answered();
    expect(await texts(".piece")).toEqual([
      `You are a helpful assistant. Why is␣${owner}split here`,
      `grass green?${owner}new`,
      `the sky blue?${owner}`,
    ]);
    expect(await texts(".replica.chosen h3 .badge")).toEqual([owner]);
    expect((await texts("#log li"))[0]).toContain("has the longest matching prefix: 36 of 48 characters (75 %)");

    await send("Translate into French: good morning.");
    expect(await texts(".replica.chosen h3 .badge")).not.toEqual([owner]);
    expect(problems).toEqual([]);
  });

  test("a suggestion is sent by its button, the second of a kind finds its prompt cached", async () => {
    for (let i = 0; i < 3; i++) {
      await page.locator("#suggestions button").nth(i).click();
      await answered();
    }
    const [third, , first] = await texts("#log li");
    expect(first).toMatch(/First token after \d+ ms: 0 of 51 prompt tokens were cached/);
    expect(third).toMatch(/First token after \d+ ms: 32 of 51 prompt tokens were cached/);
    expect((await texts(".replica .figure")).filter((figure) => figure === "32 of 102")).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  test("a piece of the tree, and an answer, are the beginning of the next prompt; Start over empties all", async () => {
    await page.keyboard.press("Tab");
    await send("Why is the sky blue?");
    await page.locator(".piece").click();
    expect(await page.locator("#prompt").inputValue()).toBe("Why is the sky blue?");
    await page.locator("#log button").click();
    expect(await page.locator("#prompt").inputValue()).toMatch(/^Why is the sky blue\? .+\n$/);
    await page.locator("button[type=reset]").click();
    expect(await page.locator(".piece").count()).toBe(0);
    expect(await texts("#tree")).toEqual(["Empty: nothing has been sent yet."]);
    expect(await page.locator("#prompt").inputValue()).toBe("");
  });

  test.each(["light", "dark"])(
    "%s: nothing that axe finds fault with; a screenshot beside the page",
    async (colorScheme) => {
      // axe is put into the page as a script, which its policy forbids.
      await open({ colorScheme, bypassCSP: true, reducedMotion: "reduce" });
      for (let i = 0; i < 4; i++) {
        await page.locator("#suggestions button").nth(i).click();
        await answered();
      }
      await page.locator("#prompt").click();
      await page.keyboard.type(
        "You are the librarian of a small town by the sea. You know every book and every sailor",
      );
      // The one in the repository is a copy of this one.
      await page.screenshot({ path: join(folder, `screenshot-${colorScheme}.png`), fullPage: true });
      await page.evaluate(readFileSync(join(installed()!, "node_modules/axe-core/axe.min.js"), "utf8"));
      type Violation = { id: string; nodes: { html: string }[] };
      const { violations } = await page.evaluate<{ violations: Violation[] }>("axe.run()");
      expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    },
  );
});
