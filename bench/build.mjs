/**
 * Makes dist/: the program in one file, whose dependencies npm installs, and the one that it starts for gateways that share a tree; the fonts
 * of pictures; and the built package warmroute, whose command `--embedded` starts. Needs `npm run build` at the root.
 */
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(here("dist"), { recursive: true, force: true });
await build({
  entryPoints: { main: here("main.ts"), "shared-tree": here("serving/servers/shared-tree/main.ts") },
  outdir: here("dist"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  alias: { "#wasm": here("../src/wasm/inline.ts") },
});
cpSync(here("../dist"), here("dist/warmroute/dist"), { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
cpSync(here("plots/draw/fonts"), here("dist/fonts"), { recursive: true });
cpSync(here("../package.json"), here("dist/warmroute/package.json"));
cpSync(here("../LICENSE"), here("dist/warmroute/LICENSE"));
