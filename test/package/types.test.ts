import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "./packed.js";

const PROGRAM = `
import { type Decision, PrefixTree, Router } from "warmroute";
import { type App, buildOpenAiApp } from "warmroute/app";
import { createGateway } from "warmroute/gateway";
import { simulatedReplica } from "warmroute/simulator";

const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: "http://a" }] });
export const decision: Decision = router.route({ prompt: "Why is the sky blue?" }).decision;
export const bytes: Uint8Array = new PrefixTree({ maxBytes: 65_536 }).snapshot();
export const gateway: { fetch(request: Request): Promise<Response> } = createGateway({ router, upstreamFetch: fetch });
export const app: Promise<App> = buildOpenAiApp({ models: [{ policy: "kv_cost", replicas: [{ url: "http://a" }] }] });
export const stop: () => void = simulatedReplica({ profile: "l4-qwen2.5-1.5b" }).close;
`;

const project = mkdtempSync(join(tmpdir(), "warmroute-types-"));
mkdirSync(join(project, "node_modules"));
symlinkSync(ROOT, join(project, "node_modules/warmroute"));
writeFileSync(join(project, "program.ts"), PROGRAM);
afterAll(() => rmSync(project, { recursive: true }));

/** What tsc says of the program, under the strictest options: declarations are checked too, and nothing of Node's is there. */
function compile(options: object): string {
  const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, types: [], ...options };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  return spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", project], { encoding: "utf8" }).stdout;
}

test.each([
  ["a page", { module: "preserve", moduleResolution: "bundler", target: "es2022", lib: ["es2022", "dom"] }],
  ["a worker", { module: "preserve", moduleResolution: "bundler", target: "es2022", lib: ["es2022", "webworker"] }],
  ["Node's resolution", { module: "nodenext", target: "es2022", lib: ["es2022", "dom"] }],
])("the declarations hold in a strict project of a user: %s", (_, options) => {
  expect(compile(options)).toBe("");
});

test("and wrong use is refused", () => {
  writeFileSync(join(project, "program.ts"), PROGRAM.replace("prefix_aware", "prefix_unaware"));
  expect(compile({ module: "nodenext", target: "es2022", lib: ["es2022", "dom"] })).toContain("prefix_unaware");
});
