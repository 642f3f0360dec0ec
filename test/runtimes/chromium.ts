import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import type { Bundles } from "./bundles.js";
import { REPORT_MARK } from "./program/program.js";
import type { Way } from "./runtimes.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Nothing is served there: what the page asks for comes from the folder. Localhost, since Web Crypto wants that or https. */
export const ORIGIN = "http://localhost";

/** The strictest content security policy under which WebAssembly can be compiled from bytes. */
const STRICTEST_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

/** Without a bundler a page has to say where bare names lead, the one that the package uses inside too. */
const IMPORT_MAP = {
  imports: {
    warmroute: "/node_modules/warmroute/dist/index.js",
    "warmroute/gateway": "/node_modules/warmroute/dist/gateway/index.js",
    "warmroute/simulator": "/node_modules/warmroute/dist/simulator/index.js",
    "#wasm": "/node_modules/warmroute/dist/wasm/inline.js",
  },
};

/** Where the system's Chromium is. @throws Error if there is none. */
export function chromiumProgram(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const program of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {}
  }
  throw new Error(`no ${NAMES.join(" or ")} on the PATH`);
}

/** Opens a page with the program in it; what it has written to its console when the report is there. */
export async function runPage(installation: string, way: Way, bundles: Bundles, patienceMs: number): Promise<string> {
  const html =
    way === "bundled"
      ? `<meta http-equiv="content-security-policy" content="${STRICTEST_POLICY}">
         <script type="module" src="/${bundles.page}"></script>`
      : `<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>
         <script type="module" src="/${bundles.module}"></script>`;
  return readConsole(installation, {
    url: ORIGIN,
    answer: (pathname) =>
      pathname === "/"
        ? { contentType: "text/html", body: `<!doctype html><meta charset="utf-8">${html}` }
        : { path: join(bundles.folder, pathname) },
    last: (text) => text.startsWith(REPORT_MARK),
    patienceMs,
  });
}

export interface Visit {
  readonly url: string;
  /** What answers in place of a server; absent: the server at the url. */
  readonly answer?: (pathname: string) => Answer;
  /** Whether this is the line to wait for. */
  readonly last: (text: string) => boolean;
  readonly patienceMs: number;
}

/**
 * Opens a page; what it has written to its console when the last line is there.
 * @param installation the folder where playwright-core is installed.
 */
export async function readConsole(installation: string, { url, answer, last, patienceMs }: Visit): Promise<string> {
  const { chromium } = createRequire(join(installation, "package.json"))("playwright-core") as Playwright;
  const browser = await chromium.launch({ executablePath: chromiumProgram(), timeout: patienceMs });
  try {
    const page = await browser.newPage();
    if (answer !== undefined) {
      await page.route(`${url}/**`, (route) => route.fulfill(answer(new URL(route.request().url()).pathname)));
    }
    return await new Promise((resolve) => {
      let output = "";
      const told = (text: string, isLast: boolean) => {
        output += `${text}\n`;
        if (isLast) resolve(output);
      };
      page.on("console", (message) => told(message.text(), last(message.text())));
      page.on("pageerror", (error) => told(String(error), true));
      page.on("crash", () => told("the page has crashed", true));
      page.goto(url, { timeout: patienceMs }).catch((error) => told(String(error), true));
      setTimeout(() => told(`ended after ${patienceMs / 1000} s`, true), patienceMs).unref();
    });
  } finally {
    await browser.close();
  }
}

/** What is used of playwright-core, which is no dependency of ours. */
interface Playwright {
  chromium: { launch(options: { executablePath: string; timeout: number }): Promise<Browser> };
}

interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Page {
  route(pattern: string, handler: (route: Route) => Promise<void>): Promise<void>;
  on(event: "console", listener: (message: { text(): string }) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "crash", listener: () => void): void;
  goto(url: string, options: { timeout: number }): Promise<unknown>;
}

interface Route {
  request(): { url(): string };
  fulfill(answer: Answer): Promise<void>;
}

interface Answer {
  contentType?: string;
  body?: string;
  path?: string;
}
