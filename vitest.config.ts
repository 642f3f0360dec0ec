import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "#wasm": new URL("./src/wasm/inline.ts", import.meta.url).pathname } },
  test: {
    include: ["test/**/*.test.ts"],
    // What needs an install of its own: npm run test:installed, npm run test:examples, npm run test:engines.
    exclude: [
      process.env.WARMROUTE_INSTALLED === undefined ? "test/installed/**" : "test/installed/node_modules/**",
      ...(process.env.WARMROUTE_EXAMPLES === undefined ? ["test/{examples,bench}/installed/**"] : []),
      ...(process.env.WARMROUTE_ENGINES === undefined ? ["test/engines/installed/**"] : []),
    ],
    // No test is about time: a limit only ends one that hangs, on however slow a machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
