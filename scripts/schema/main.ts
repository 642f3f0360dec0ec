// Writes the JSON Schema of configuration files, and the page of the docs that is made of it; with --check it writes nothing and fails
// when they are not what the source gives. It reads src/, so that a stale dist/ cannot deceive it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { configSchema } from "../../src/app/index.js";
import { configurationPage } from "./page.js";

const files = {
  "schema/config.schema.json": `${JSON.stringify(configSchema(), null, 2)}\n`,
  "docs/configuration.md": configurationPage(configSchema()),
};
for (const [file, text] of Object.entries(files)) {
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    process.stderr.write(`${file} is out of date: run \`npm run schema\`.\n`);
    process.exitCode = 1;
  }
}
