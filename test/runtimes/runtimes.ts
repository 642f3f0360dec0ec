import type { CheckName } from "./program/program.js";

/** How the program reaches the package in a runtime. */
export type Way = "import" | "require" | "bundled" | "import map";

export interface Runtime {
  readonly name: string;
  /** The npm package that it is in, and the package's version. */
  readonly source: { readonly name: string; readonly version: string };
  /** How it is run; of all but Chromium also the name of the program that its package installs. */
  readonly kind: "node" | "deno" | "bun" | "workerd" | "chromium";
  readonly ways: readonly Way[];
}

/** Node of this platform, as a package. */
const NODE = `node-${process.platform}-${process.arch}`;

/** Every runtime that the package is tested in, and which version of it. */
export const RUNTIMES: readonly Runtime[] = [
  // The oldest that `engines` allows: the first with require() of ES modules.
  node("Node 20", "20.19.0"),
  node("Node 22", "22.23.3"),
  node("Node 24", "24.21.0"),
  node("Node 26", "26.10.0"),
  { name: "Deno", source: { name: "deno", version: "2.9.6" }, kind: "deno", ways: ["import", "require"] },
  { name: "Bun", source: { name: "bun", version: "1.4.5" }, kind: "bun", ways: ["import", "require"] },
  { name: "workerd", source: { name: "workerd", version: "1.20261117.1" }, kind: "workerd", ways: ["bundled"] },
  // Chromium itself is the system's; the package drives it.
  {
    name: "Chromium",
    source: { name: "playwright-core", version: "1.65.1" },
    kind: "chromium",
    ways: ["bundled", "import map"],
  },
];

/** Besides what the program checks: the README's first example, as a new user would try it. */
export type Check = CheckName | "readme";

/** Whether the README's example is for this way of this runtime. */
export function triesReadme({ kind }: Runtime, way: Way): boolean {
  return way === "import" && (kind === "node" || kind === "deno" || kind === "bun");
}

function node(name: string, version: string): Runtime {
  return { name, source: { name: NODE, version }, kind: "node", ways: ["import", "require"] };
}
