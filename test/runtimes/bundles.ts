import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Input } from "./program/input.js";

const PROGRAM = fileURLToPath(new URL("program/program.ts", import.meta.url));

/** What the program imports from our sources and a user from the package: in the bundles it is the package's. */
const PUBLISHED: Readonly<Record<string, string>> = {
  "src/index.js": "warmroute",
  "src/tree/index.js": "warmroute",
  "src/gateway/index.js": "warmroute/gateway",
  "src/simulator/index.js": "warmroute/simulator",
};

/** Sources that the package keeps to itself, and that are no part of what is tested. */
const OWN = /src\/random\/index\.js$/;

const fromThePackage: Plugin = {
  name: "from the package",
  setup({ onResolve }) {
    onResolve({ filter: /\/src\// }, ({ path, importer }) => {
      const name = PUBLISHED[path.slice(path.indexOf("src/"))];
      if (name !== undefined) return { path: name, external: true };
      if (OWN.test(path)) return null;
      return {
        errors: [{ text: `${importer} imports ${path}, so that it would not be the package's that is tested` }],
      };
    });
  },
};

/** The files of the program, in the folder where the package is installed. */
export interface Bundles {
  readonly folder: string;
  /** ES module and CommonJS that take the package by its name. */
  readonly module: string;
  readonly common: string;
  /** With the package in it, as a bundler for pages makes it. */
  readonly page: string;
  /** The same for Workers: a module that exports a test; beside it the core, by the name under which it is imported. */
  readonly worker: string;
  readonly wasm: string;
}

export async function bundle(folder: string, input: Input): Promise<Bundles> {
  const at = (name: string) => join(folder, name);
  writeFileSync(at("input.json"), JSON.stringify(input));
  const head = `import { report } from ${JSON.stringify(PROGRAM)}; import input from "./input.json";\n`;
  const program = async (file: string, format: "esm" | "cjs", body: string) => {
    await build({
      stdin: { contents: head + body, resolveDir: folder },
      outfile: at(file),
      bundle: true,
      format,
      target: "es2022",
      plugins: [fromThePackage],
    });
  };
  await program("program.mjs", "esm", "await report(input);");
  await program("program.cjs", "cjs", "report(input);");
  await program("program-worker.mjs", "esm", "export default { test: () => report(input) };");

  const whole = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" } as const;
  await build({ ...whole, entryPoints: [at("program.mjs")], outfile: at("page.js") });
  await build({
    ...whole,
    entryPoints: [at("program-worker.mjs")],
    outfile: at("worker.js"),
    // As wrangler does it: Workers' conditions, and the core stays a module of its own.
    conditions: ["workerd", "worker", "browser"],
    external: ["*.wasm?module"],
  });
  copyFileSync(at("node_modules/warmroute/dist/wasm/tree.wasm"), at("tree.wasm"));
  return {
    folder,
    module: "program.mjs",
    common: "program.cjs",
    page: "page.js",
    worker: "worker.js",
    wasm: "tree.wasm",
  };
}
