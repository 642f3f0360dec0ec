import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

const PROGRAM = `
  import { PrefixTree, Router } from "./src/index.ts";
  const outcome = (run) => { try { return String(run()); } catch (error) { return error.name + ": " + error.message; } };
  document.body.textContent = JSON.stringify({
    tree: outcome(() => {
      const tree = new PrefixTree();
      tree.addTenants(["a"]);
      tree.insert("Why is the sky blue?", "a");
      return tree.prefixMatch("Why is grass green?").matchedText;
    }),
    treeless: outcome(() => new Router({ policy: "pow_of_2", replicas: [{ id: "a" }] }).route({ text: "" }).replica.id),
    eval: outcome(() => (0, eval)("1 + 1")),
  });`;

describe.skipIf(browser === undefined)("a page with a content security policy", () => {
  const profile = mkdtempSync(join(tmpdir(), "warmroute-chromium-"));
  let script = "";
  let policy = "";
  let server: Server;

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: PROGRAM, resolveDir: root },
      bundle: true,
      format: "esm",
      write: false,
      alias: { "#wasm": join(root, "src/wasm/inline.ts") },
    });
    script = outputFiles[0]!.text;
    server = createServer(({ url }, response) => {
      if (url === "/page.js") return response.setHeader("content-type", "text/javascript").end(script);
      response.setHeader("content-type", "text/html").setHeader("content-security-policy", policy);
      return response.end('<!doctype html><body></body><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server?.close();
    rmSync(profile, { recursive: true, force: true });
  });

  async function open(contentSecurityPolicy: string): Promise<Record<"tree" | "treeless" | "eval", string>> {
    policy = contentSecurityPolicy;
    const { port } = server.address() as AddressInfo;
    const args = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
    const page = await new Promise<string>((resolve, reject) => {
      const url = `http://127.0.0.1:${port}/`;
      execFile(browser!, [...args, "--virtual-time-budget=5000", "--dump-dom", url], (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
    return JSON.parse(/<body>(.*)<\/body>/s.exec(page)![1]!.replaceAll("&amp;", "&"));
  }

  test("has trees with 'wasm-unsafe-eval', and still no eval", { timeout: 60_000 }, async () => {
    const { tree, eval: evaluated } = await open("script-src 'self' 'wasm-unsafe-eval'");
    expect(tree).toBe("Why is ");
    expect(evaluated).toMatch(/^EvalError: /);
  });

  test("has none without it, but the policies that need no tree", { timeout: 60_000 }, async () => {
    const { tree, treeless } = await open("script-src 'self'");
    expect(treeless).toBe("a");
    expect(tree).toMatch(/^CompileError: .*Content Security policy/i);
  });
});
