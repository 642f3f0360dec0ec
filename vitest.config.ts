import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "#wasm": new URL("./src/wasm/inline.ts", import.meta.url).pathname } },
  // No test is about time: a limit only ends one that hangs, on however slow a machine.
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
