// Puts the compiled core where the two ways of delivery find it: base64 in src/wasm/bytes.ts, a file in dist/wasm/.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const wasm = readFileSync("build/tree.wasm");
writeFileSync(
  "src/wasm/bytes.ts",
  `// Made by scripts/embed-wasm.mjs from assembly/.\nexport const BASE64: string =\n  "${wasm.toString("base64")}";\n`,
);
mkdirSync("dist/wasm", { recursive: true });
copyFileSync("build/tree.wasm", "dist/wasm/tree.wasm");
