// What `deno publish` says of jsr.json, without publishing. Deno comes from npm for this once, and into no package.json.
import { spawnSync } from "node:child_process";

const { status } = spawnSync(
  "npm",
  ["exec", "--yes", "--package=deno@2", "--", "deno", "publish", "--dry-run", "--allow-dirty"],
  // Else it looks for hono in the node_modules of package.json, where jsr.json says which one is meant.
  { stdio: "inherit", env: { ...process.env, DENO_NO_PACKAGE_JSON: "1", DENO_NO_UPDATE_CHECK: "1" } },
);
process.exitCode = status ?? 1;
