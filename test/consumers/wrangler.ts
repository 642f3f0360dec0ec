import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Built, type Consumer, PROGRAMS, type Scratch, sizeOf, tool } from "./consumer.js";

/** A date that the wrangler of package.json knows; without one it refuses to deploy. */
const COMPATIBILITY_DATE = "2026-04-01";

/** Workers forbid compiling bytes, so that the core has to come as a file of its own, without a word of the user's. */
export const WRANGLER: Consumer = {
  name: "wrangler, not minified",
  package: "wrangler",
  command: `wrangler deploy main.js --name worker --compatibility-date ${COMPATIBILITY_DATE} --dry-run`,
  async build(scratch) {
    const built: Built[] = [];
    for (const program of PROGRAMS) {
      const folder = join(scratch.folder, "workers", program);
      const output = join(folder, "out");
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, "main.js"),
        `import { program } from "../../programs/${program}.js";
export default { fetch: async () => new Response(await program()) };
`,
      );
      const options = ["--name", "worker", "--compatibility-date", COMPATIBILITY_DATE, "--dry-run", "--outdir", output];
      await tool(scratch.folder, "wrangler", "deploy", join(folder, "main.js"), ...options);
      const files = readdirSync(output).filter((file) => /\.(js|wasm)$/.test(file));
      const printed = new Map([["workerd", await runWorker(scratch, output, files)]]);
      built.push({ program, size: sizeOf(files.map((file) => join(output, file))), printed });
    }
    return [{ name: this.name, built }];
  },
};

/** Runs what would have been uploaded; the answer. */
async function runWorker({ folder }: Scratch, output: string, files: readonly string[]): Promise<string> {
  const fromWrangler = createRequire(join(folder, "node_modules", "wrangler", "package.json"));
  const { Miniflare } = fromWrangler("miniflare") as MiniflarePackage;
  const worker = new Miniflare({
    compatibilityDate: COMPATIBILITY_DATE,
    // The first module is the worker.
    modules: files
      .toSorted((a, b) => Number(a.endsWith(".wasm")) - Number(b.endsWith(".wasm")))
      .map((path) => ({
        type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
        path,
        contents: path.endsWith(".wasm") ? readFileSync(join(output, path)) : readFileSync(join(output, path), "utf8"),
      })),
  });
  try {
    return await (await worker.dispatchFetch("http://worker/")).text();
  } finally {
    await worker.dispose();
  }
}

/** What is used of miniflare, which comes with wrangler and is no dependency of ours. */
interface MiniflarePackage {
  Miniflare: new (options: {
    compatibilityDate: string;
    modules: { type: string; path: string; contents: string | Uint8Array }[];
  }) => { dispatchFetch(url: string): Promise<Response>; dispose(): Promise<void> };
}
