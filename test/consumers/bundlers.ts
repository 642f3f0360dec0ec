import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ORIGIN, readConsole } from "../runtimes/chromium.js";
import { run } from "../runtimes/run.js";
import { type Built, type Consumer, PROGRAMS, type Program, type Scratch, sizeOf, tool } from "./consumer.js";

/** Longest run of a program, ms; the longest takes a second. */
const PATIENCE_MS = 30_000;

const MAIN = "main.js";
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module" src="/${MAIN}"></script>\n`;

/** Bundlers that make a page's script of a module. `bundle` is given a folder with main.js and index.html; it answers with the script. */
const bundlers: readonly (Omit<Consumer, "build"> & {
  /** Whether the script does without a page, so that Node can run it too. */
  readonly runsInNode: boolean;
  bundle(scratch: Scratch, folder: string): Promise<string>;
})[] = [
  {
    name: "esbuild",
    package: "esbuild",
    command: "esbuild main.js --bundle --minify --format=esm",
    runsInNode: true,
    async bundle(scratch, folder) {
      const output = join(folder, "out.mjs");
      await tool(
        scratch.folder,
        "esbuild",
        join(folder, MAIN),
        "--bundle",
        "--minify",
        "--format=esm",
        `--outfile=${output}`,
      );
      return output;
    },
  },
  {
    name: "Rollup, not minified",
    package: "rollup",
    command: "rollup main.js -p @rollup/plugin-node-resolve",
    runsInNode: true,
    async bundle(scratch, folder) {
      const output = join(folder, "out.mjs");
      await tool(scratch.folder, "rollup", join(folder, MAIN), "-p", "@rollup/plugin-node-resolve", "--file", output);
      return output;
    },
  },
  {
    name: "Vite",
    package: "vite",
    command: "vite build",
    // Its script begins with a look for the page's <link> elements.
    runsInNode: false,
    async bundle(scratch, folder) {
      await tool(scratch.folder, "vite", "build", folder);
      const assets = join(folder, "dist", "assets");
      return join(assets, onlyOne(readdirSync(assets)));
    },
  },
  {
    name: "webpack",
    package: "webpack",
    command: "webpack --mode production --entry ./main.js",
    runsInNode: true,
    async bundle(scratch, folder) {
      const output = join(folder, "out");
      await tool(scratch.folder, "webpack", "--mode", "production", "--entry", join(folder, MAIN), "-o", output);
      return join(output, onlyOne(readdirSync(output)));
    },
  },
];

export const BUNDLERS: readonly Consumer[] = bundlers.map(({ bundle, runsInNode, ...about }) => ({
  ...about,
  async build(scratch) {
    const built: Built[] = [];
    for (const program of PROGRAMS) {
      const script = await bundle(scratch, writePage(scratch, about.package, program));
      const printed = new Map<string, string>();
      if (runsInNode) {
        const { output } = await run(process.execPath, [script], { cwd: scratch.folder, patienceMs: PATIENCE_MS });
        printed.set("Node", output);
      }
      if (scratch.chromium) printed.set("Chromium", await openScript(scratch, script));
      built.push({ program, size: sizeOf([script]), printed });
    }
    return [{ name: about.name, built }];
  },
}));

function writePage({ folder }: Scratch, bundler: string, program: Program): string {
  const page = join(folder, "pages-of", bundler, program);
  mkdirSync(page, { recursive: true });
  writeFileSync(
    join(page, MAIN),
    `import { program } from "../../../programs/${program}.js";\nprogram().then(console.log);\n`,
  );
  writeFileSync(join(page, "index.html"), PAGE);
  return page;
}

function openScript({ folder }: Scratch, script: string): Promise<string> {
  return readConsole(folder, {
    url: ORIGIN,
    answer: (pathname) => (pathname === `/${MAIN}` ? { path: script } : { contentType: "text/html", body: PAGE }),
    last: (text) => text.startsWith("{"),
    patienceMs: PATIENCE_MS,
  });
}

function onlyOne(files: readonly string[]): string {
  if (files.length !== 1) throw new Error(`there should be one script, not ${files.length}: ${files.join(", ")}`);
  return files[0]!;
}
