import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../../../src/cli/listen.js";
import { withDashboard } from "../../../src/dashboard/index.js";
import { createGateway } from "../../../src/gateway/index.js";
import { Router } from "../../../src/routing/index.js";
import { address, start, warmroute } from "../../cli/support.js";
import { CHROMIUM, launch, type Served, serveConfig, TOKEN, turn } from "./support.js";

if (CHROMIUM === undefined) console.warn("no chromium on the PATH: the dashboard is not tested in it");

describe.skipIf(CHROMIUM === undefined)(
  "the dashboard in Chromium, over warmroute serve and simulated replicas",
  () => {
    let browser: Browser;
    let served: Served;
    const ends: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      const replicas = (names: string[]) => names.map((id) => ({ id, simulated: { speed: 20 } }));
      browser = await launch();
      served = await serveConfig({
        admin: { token: TOKEN },
        adminTreeText: true,
        models: [
          { name: "large", replicas: replicas(["a", "b", "c"]) },
          { name: "small", policy: "round_robin", replicas: replicas(["s"]) },
        ],
      });
      for (let conversation = 0; conversation < 6; conversation++) {
        for (let turns = 1; turns <= 3; turns++) {
          expect(await turn(served.url, { model: "large", conversation, turns })).toBe(200);
        }
      }
      expect(await turn(served.url, { model: "small", conversation: 1, turns: 1 })).toBe(200);
    });
    afterAll(async () => {
      await browser?.close();
      await served?.stop();
    });
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    interface Visit {
      readonly page: Page;
      /** Of the console and of scripts. */
      readonly errors: readonly string[];
      /** Origins that anything was asked of. */
      readonly origins: ReadonlySet<string>;
    }

    async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
      const context = await browser.newContext(options);
      ends.push(() => context.close());
      const page = await context.newPage();
      const errors: string[] = [];
      const origins = new Set<string>();
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("request", (request) => origins.add(new URL(request.url()).origin));
      await page.goto(url);
      return { page, errors, origins };
    }

    const withToken = (url: string) => `${url}/dashboard#token=${encodeURIComponent(TOKEN)}`;
    const live = (page: Page) => page.locator("#connection.live").waitFor();

    test("takes the token out of the address, and shows replicas, charts, tree and decisions, all from the gateway", async () => {
      const { page, errors, origins } = await visit(withToken(served.url));
      await live(page);
      expect(page.url()).toBe(`${served.url}/dashboard`);
      expect(await page.locator(".card h3").allTextContents()).toEqual(["a", "b", "c"]);
      expect(await page.locator(".card .state.healthy").count()).toBe(3);
      expect(await page.locator(".chart").count()).toBe(6);
      await page.locator(".icicle [role=treeitem]").first().waitFor();
      await page.locator("#decisions details").first().waitFor();
      await page.locator("#figures > div", { hasText: "Healthy replicas" }).getByText("3 of 3").waitFor();
      expect(errors).toEqual([]);
      expect([...origins]).toEqual([served.url]);
    });

    test("asks for a token, says that a wrong one is wrong, and stays signed in for as long as the tab does", async () => {
      const { page } = await visit(`${served.url}/dashboard`);
      await page.getByLabel("Admin token").fill("another");
      await page.keyboard.press("Enter");
      await page.getByText("The gateway does not know this token.").waitFor();
      await page.getByLabel("Admin token").fill(TOKEN);
      await page.keyboard.press("Enter");
      await live(page);
      await page.reload();
      await live(page);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(await page.locator(".card").count()).toBe(0);
    });

    test("drains and undrains a replica by keyboard, after a question that can be taken back", async () => {
      const { page, errors } = await visit(withToken(served.url));
      const button = page.getByRole("button", { name: "Drain b", exact: true });
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Drain b?" }).waitFor();
      await page.keyboard.press("Escape");
      expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Drain b");
      expect(await page.locator(".state.draining").count()).toBe(0);

      await page.keyboard.press("Enter");
      await page.getByRole("dialog").getByRole("button", { name: "Drain" }).focus();
      await page.keyboard.press("Enter");
      await page.locator(".card", { hasText: "draining" }).getByRole("heading", { name: "b" }).waitFor();
      await page.getByRole("button", { name: "Undrain b" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Undrain" }).click();
      await page.getByRole("button", { name: "Drain b", exact: true }).waitFor();
      expect(errors).toEqual([]);
    });

    test("opens a decision to its explanation and its candidates", async () => {
      const { page } = await visit(withToken(served.url));
      const first = page.locator("#decisions details").first();
      await first.locator("summary").focus();
      await page.keyboard.press("Enter");
      await first.getByText(/^prefix_aware chose [abc]: prefix_match/).waitFor();
      expect(await first.locator("tbody tr").count()).toBe(3);
      expect(await first.locator("thead th").allTextContents()).toEqual(["Replica", "Queue", "Matched characters"]);
      expect(await first.locator("tbody .is-chosen th").textContent()).toMatch(/^[abc] chosen$/);
    });

    test("explains what would happen to a request", async () => {
      const { page } = await visit(withToken(served.url));
      await page.getByText("What would happen to a request?").click();
      await page.getByRole("button", { name: "Explain" }).click();
      await page
        .locator("#explained")
        .getByText(/^prefix_aware chose /)
        .waitFor();
      await page.locator("#explain-body").fill("{");
      await page.getByRole("button", { name: "Explain" }).click();
      await page.locator("#explained .problem").waitFor();
    });

    test("walks the tree by keyboard, goes in and out, zooms, and shows texts where they are allowed", async () => {
      const { page, errors } = await visit(withToken(served.url));
      const tree = page.getByRole("tree", { name: "Prefix tree" });
      const active = () => page.locator(".icicle .selected").getAttribute("aria-label");
      await page.locator(".icicle [role=treeitem]").first().waitFor();
      await tree.focus();
      const root = await active();
      expect(root).toMatch(/characters: 0 characters, [\d,]+ with what is below/);
      await page.keyboard.press("ArrowDown");
      expect(await active()).not.toBe(root);
      expect(await tree.getAttribute("aria-activedescendant")).toBe(
        await page.locator(".icicle .selected").getAttribute("id"),
      );
      await page.locator("#tree .about", { hasText: "characters of its own" }).waitFor();
      const inner = await active();
      await page.keyboard.press("Enter");
      await page.getByRole("navigation", { name: /^Way/ }).getByRole("button", { name: "root" }).waitFor();
      expect(await active()).toBe(inner);
      await page.keyboard.press("Backspace");
      await page.locator(".way li", { hasText: "root" }).and(page.locator("[aria-current]")).waitFor();

      const widths = () => page.locator(".icicle [role=treeitem]").count();
      const before = await widths();
      for (let i = 0; i < 12; i++) await page.keyboard.press("+");
      expect(await widths()).toBeLessThan(before);
      await page.keyboard.press("0");
      expect(await widths()).toBeGreaterThanOrEqual(before);

      await page.getByLabel("Texts").check();
      await page
        .locator(".icicle text", { hasText: /system|You are|patient/ })
        .first()
        .waitFor();
      expect(errors).toEqual([]);
    });

    test("is used by pointer too: a click selects, Ctrl and the wheel zoom, dragging moves, a double click goes in", async () => {
      const { page } = await visit(withToken(served.url));
      const bar = page.locator(".icicle .selected");
      const last = page.locator(".icicle [aria-level='4']").last();
      const id = await last.getAttribute("id");
      await page.locator(".icicle").scrollIntoViewIfNeeded();
      const { x: left, y: top } = (await last.locator("rect").boundingBox())!;
      await page.mouse.click(left + 3, top + 3);
      expect(await bar.getAttribute("id")).toBe(id);
      const box = async () => (await bar.locator("rect").boundingBox())!;
      const middle = async () => {
        const { x, y, width, height } = await box();
        return [x + width / 2, y + height / 2] as const;
      };
      const before = await box();
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, -300);
      await page.keyboard.up("Control");
      await expect.poll(async () => (await box()).width).toBeGreaterThan(before.width * 1.2);

      const zoomed = await box();
      const [x, y] = await middle();
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 60, y, { steps: 3 });
      await page.mouse.up();
      expect((await box()).x - zoomed.x).toBeGreaterThan(40);
      expect(await bar.getAttribute("id")).toBe(id);

      await page.mouse.dblclick(...(await middle()));
      await page.locator(".way").getByRole("button", { name: "root" }).waitFor();
    });

    test("switches models; one without a tree says so", async () => {
      const { page } = await visit(withToken(served.url));
      await page.getByLabel("Model").selectOption("small");
      await page.locator(".card h3", { hasText: "s" }).waitFor();
      expect(await page.locator(".card").count()).toBe(1);
      await page.getByText("This policy has no tree.").first().waitFor();
      expect(await page.locator(".icicle").isVisible()).toBe(false);
      expect(await page.locator("#figures > div", { hasText: "round_robin" }).count()).toBe(1);
    });

    test("pauses, and goes on", async () => {
      const { page } = await visit(withToken(served.url));
      await live(page);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.locator("#connection.paused").waitFor();
      await page.getByRole("button", { name: "Go on" }).click();
      await live(page);
    });

    test("is light or dark as the system is, or as is chosen, also after a reload", async () => {
      const { page } = await visit(`${served.url}/dashboard`, { colorScheme: "dark" });
      const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const dark = await ground();
      await page.emulateMedia({ colorScheme: "light" });
      const light = await ground();
      expect(light).not.toBe(dark);
      await page.getByLabel("Theme").selectOption("dark");
      expect(await ground()).toBe(dark);
      await page.reload();
      expect(await ground()).toBe(dark);
    });

    test.each([
      ["desktop", "light", { width: 1360, height: 900 }],
      ["desktop", "dark", { width: 1360, height: 900 }],
      ["phone", "light", { width: 390, height: 844 }],
      ["phone", "dark", { width: 390, height: 844 }],
    ] as const)(
      "has nothing that axe finds fault with, and nothing beyond the edge: %s, %s",
      async (_, colorScheme, viewport) => {
        const { page, errors } = await visit(withToken(served.url), { colorScheme, viewport });
        await page.locator(".icicle [role=treeitem]").first().waitFor();
        await page.locator("#decisions summary").first().click();
        await page.locator("#decisions table").first().waitFor();
        expect(await faults(page)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        await page.getByRole("button", { name: "Sign out" }).click();
        expect(await faults(page)).toEqual([]);
        expect(errors).toEqual([]);
      },
    );

    test("says when the gateway is gone, and goes on when it is back", async () => {
      const config = { admin: { token: TOKEN }, models: [{ replicas: [{ id: "a", simulated: {} }] }] };
      const first = await serveConfig(config);
      ends.push(first.stop);
      const { page } = await visit(withToken(first.url));
      await live(page);
      await first.stop();
      await page.locator("#connection.gone", { hasText: "The gateway does not answer." }).waitFor();
      expect(await page.locator(".card").count()).toBe(1);
      const second = await serveConfig({ ...config, listen: { port: Number(new URL(first.url).port) } });
      ends.push(second.stop);
      await live(page);
    });

    test("shows no texts where they are not allowed, and says so", async () => {
      const { url, stop } = await serveConfig({ admin: { token: TOKEN }, models: [{ replicas: [{ simulated: {} }] }] });
      ends.push(stop);
      expect(await turn(url, { model: "Qwen/Qwen2.5-1.5B-Instruct", conversation: 0, turns: 1 })).toBe(200);
      const { page } = await visit(withToken(url));
      await page.locator(".icicle [role=treeitem]").first().waitFor();
      await page.getByLabel("Texts").click();
      await page.getByText("this gateway does not show them").waitFor();
      expect(await page.getByLabel("Texts").isDisabled()).toBe(true);
    });

    test("says where there is no admin API", async () => {
      const router = new Router({ policy: "round_robin", replicas: [{ id: "a", url: "http://127.0.0.1:9" }] });
      const gateway = createGateway({ router });
      const listener = await listen(withDashboard(gateway), { host: "127.0.0.1", port: 0 });
      ends.push(async () => {
        listener.destroy();
        await listener.close();
        gateway.close();
        router[Symbol.dispose]();
      });
      const { page } = await visit(`${listener.url}/dashboard`);
      await page.getByRole("heading", { name: "There is no admin API here" }).waitFor();
      expect(await faults(page)).toEqual([]);
    });

    test("serve --dashboard prints an address that lets in whoever has it", async () => {
      const run = start(["serve", "--embedded", "1", "--policy", "pow_of_2", "--port", "0", "--dashboard", "--quiet"]);
      ends.push(async () => {
        run.child.kill("SIGKILL");
        await run.exit;
      });
      const url = /http\S+/.exec(await run.line(/^dashboard: /))![0];
      expect(url).toMatch(/\/dashboard#token=[\w-]{32}$/);
      const { page } = await visit(url);
      await live(page);
      await page.locator("#tree").getByText("This policy has no tree.").waitFor();
      expect(await page.locator(".picture").isVisible()).toBe(false);
    });
  },
);

/** What axe finds, each with the elements. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

test("serve --dashboard makes no token where others can come", async () => {
  const run = warmroute("serve", "--embedded", "1", "--port", "0", "--host", "0.0.0.0", "--dashboard");
  await run.error(/--dashboard makes a token on the loopback only, not on 0\.0\.0\.0/);
  expect(await run.exit).toBe(2);
});

test("serve has no dashboard where there is no admin token", async () => {
  const run = warmroute("serve", "--embedded", "1", "--port", "0");
  expect((await fetch(`${await address(run)}/dashboard`)).status).toBe(404);
});
