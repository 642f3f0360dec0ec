// npm run screenshot [-- folder [seconds]]: docs/images/dashboard.png, of a gateway over simulated replicas under a minute of traffic. With a folder: all
// sizes and themes there, to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launch, serveConfig, TOKEN, turn } from "./support.js";

const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
const [folder, seconds = 75] = process.argv.slice(2);

let over = false;

const { url, stop } = await serveConfig({
  admin: { token: TOKEN },
  adminTreeText: true,
  models: [
    {
      name: MODEL,
      policyOptions: { imbalancedThreshold: 3 },
      maxOngoingRequests: 6,
      replicas: ["gpu-a", "gpu-b", "gpu-c", "gpu-d"].map((id) => ({ id, simulated: {} })),
    },
  ],
});
const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width: 1360, height: 900 }, colorScheme: "light" });
  await page.goto(`${url}/dashboard#token=${encodeURIComponent(TOKEN)}`);
  const ended = traffic();
  await page.waitForTimeout(Number(seconds) * 1000);
  if (folder === undefined) {
    mkdirSync("docs/images", { recursive: true });
    await picture(page, "docs/images/dashboard.png", 1500);
  } else await all(page, folder);
  over = true;
  await ended;
} finally {
  await browser.close();
  await stop();
}

/** So many clients, each in one conversation after another. */
async function traffic(): Promise<void> {
  let conversations = 0;
  const client = async (number: number) => {
    while (!over) {
      const conversation = conversations++;
      for (let turns = 1; turns <= 2 + (conversation % 5) && !over; turns++) {
        // A few lose their patience, or ask for more than there is.
        const signal = conversation % 31 === 7 && turns === 2 ? AbortSignal.timeout(60) : null;
        await turn(url, {
          model: MODEL,
          conversation,
          turns,
          signal,
          ...(conversation % 97 === 3 && { maxTokens: -1 }),
        });
        if (number % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 40 * (conversation % 7)));
      }
    }
  };
  await Promise.all(Array.from({ length: 25 }, (_, number) => client(number)));
}

/** The page from its top on. */
async function picture(page: Page, path: string, height: number): Promise<void> {
  await page.evaluate("scrollTo(0, 0)");
  const { width } = page.viewportSize()!;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height }, animations: "disabled" });
}

async function all(page: Page, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  await page.locator("#decisions summary").nth(2).click();
  await page.locator("#pause").focus();
  await page.getByLabel("Texts").check();
  for (const [size, width, height] of [
    ["desktop", 1360, 900],
    ["phone", 390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(1200);
      await picture(page, join(into, `${size}-${colorScheme}.png`), size === "phone" ? 1400 : 2000);
      for (const section of ["charts", "tree", "decisions"]) {
        const part = page.locator(`section[aria-labelledby=${section}-title]`);
        await part.screenshot({ path: join(into, `${size}-${colorScheme}-${section}.png`), animations: "disabled" });
      }
    }
  }
}
