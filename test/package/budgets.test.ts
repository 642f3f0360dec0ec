import { statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { ROOT } from "./packed.js";

const KIB = 1024;

describe("what the package costs a page, minified by esbuild and gzipped, the compiled core included", () => {
  /**
   * The goal is 12 KiB. The core alone, in base64, takes 10 KiB of that: what is left is less than the tree's methods, snapshots
   * and error messages need. This keeps the size from growing unnoticed.
   */
  test("`import { PrefixTree }`: 23 KiB", async () => {
    expect(await gzipped(`export { PrefixTree } from "warmroute";`)).toBeLessThanOrEqual(23 * KIB);
  });

  /** The goal is 60 KiB. From 32 on: aliases, the client's address, and what an answer says of itself for spans. */
  test("the gateway without a dashboard: 36 KiB", async () => {
    expect(await gzipped(`export { createGateway } from "warmroute/gateway";`)).toBeLessThanOrEqual(36 * KIB);
  });

  /** From 80 on: the time that a client may take for a piece. */
  test("the gateway with its router: 81 KiB", async () => {
    const code = `export { Router } from "warmroute"; export { createGateway } from "warmroute/gateway";`;
    expect(await gzipped(code)).toBeLessThanOrEqual(81 * KIB);
  });

  test("a gateway without a dashboard brings none along", async () => {
    const { modules } = await bundle(`export { createGateway } from "warmroute/gateway";`);
    expect(modules.filter((file) => file.startsWith("dist/dashboard/"))).toEqual([]);
  });

  test("the gateway alone brings no core along", async () => {
    const gateway = await bundle(`export { createGateway } from "warmroute/gateway";`);
    expect(gateway.modules.filter((file) => file.startsWith("dist/wasm/"))).toEqual([]);
  });
});

test("the core as a file: 16 KiB", () => {
  expect(statSync(join(ROOT, "dist/wasm/tree.wasm")).size).toBeLessThanOrEqual(16 * KIB);
});

async function gzipped(code: string): Promise<number> {
  const { bytes } = await bundle(code);
  return gzipSync(bytes, { level: 9 }).length;
}

/** The package by its name, as in dist/: a bundle, and the modules that have left something in it. */
async function bundle(code: string): Promise<{ bytes: Uint8Array; modules: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
    // Without it, the paths of the repository's own tsconfig.json would lead to src/.
    tsconfigRaw: "{}",
  });
  const [output] = Object.values(metafile.outputs);
  const modules = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { bytes: outputFiles[0]!.contents, modules: modules.map(([file]) => file) };
}
