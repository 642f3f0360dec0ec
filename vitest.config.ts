import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "#wasm": new URL("./src/wasm/inline.ts", import.meta.url).pathname } },
  test: { include: ["test/**/*.test.ts"] },
});
