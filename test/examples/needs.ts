import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where `npm run test:examples` has installed the examples and what they need; undefined in `npm test`. */
export function installed(): string | undefined {
  return process.env.WARMROUTE_EXAMPLES;
}

/** What an example or its test needs beside Node and the example's dependencies. */
const PROGRAMS: Readonly<Record<string, readonly Program[]>> = {
  deno: ["deno"],
  bun: ["bun"],
  "cloudflare-worker": ["wrangler"],
  browser: ["playwright-core", "axe-core", "chromium"],
};

type Program = "deno" | "bun" | "wrangler" | "playwright-core" | "axe-core" | "chromium";

/** Programs from npm that `npm run test:examples` installs beside the examples: where they are missing, the test says so. */
export const FROM_NPM: Readonly<Partial<Record<Program, string>>> = {
  deno: "2.9.6",
  bun: "1.4.5",
  "playwright-core": "1.65.1",
  "axe-core": "4.14.1",
};

/** Debian's, or the one that `CHROMIUM` names. */
export const CHROMIUM: string = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why the example cannot be run here, and what to do about it; null when it can. */
export function missing(example: string): string | null {
  const absent = (PROGRAMS[example] ?? []).filter((program) => !isThere(program));
  return absent.length === 0
    ? null
    : absent.map((program) => `${program} is not there: ${howToGet(program)}`).join("; ");
}

function isThere(program: Program): boolean {
  if (program === "chromium") return existsSync(CHROMIUM);
  const folder = installed();
  return folder !== undefined && existsSync(join(folder, "node_modules", program));
}

function howToGet(program: Program): string {
  if (program === "chromium") return "apt-get install chromium, or name yours in CHROMIUM";
  return `npm run test:examples installs it, when the npm registry can be reached (npm install ${program})`;
}
