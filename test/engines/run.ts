// `npm run test:engines`: the gateway in front of real engines, which are installed aside on the first run (85 MB).
import { spawnSync } from "node:child_process";
import { installLlamaCpp } from "../../bench/engines/llama-cpp/install.js";

installLlamaCpp();
const { status } = spawnSync("npx", ["vitest", "run", "test/engines"], {
  stdio: "inherit",
  env: { ...process.env, WARMROUTE_ENGINES: "1" },
});
process.exitCode = status ?? 1;
