// Puts the dashboard's page, bundled and minified, into src/dashboard/assets.ts: it is served from memory, whatever the runtime.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const FOLDER = "src/dashboard/page";
const OPTIONS = {
  bundle: true,
  minify: true,
  write: false,
  legalComments: "none",
  target: ["chrome123", "firefox120", "safari17.5"],
};

const files = {
  // At /dashboard itself; the others are below it.
  "": ["text/html; charset=utf-8", readFileSync(join(FOLDER, "page.html"), "utf8").replace(/\n\s+/g, "\n")],
  "page.css": ["text/css; charset=utf-8", bundled("page.css")],
  "page.js": ["text/javascript; charset=utf-8", bundled("main.ts")],
  "icon.svg": ["image/svg+xml", readFileSync(join(FOLDER, "icon.svg"), "utf8")],
};

const entries = Object.entries(files).map(([name, [type, text]]) => {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 16)}"`;
  return `  ${JSON.stringify(name)}: ${JSON.stringify({ type, etag, text })},\n`;
});
writeFileSync(
  "src/dashboard/assets.ts",
  `// Made by scripts/embed-dashboard.mjs from ${FOLDER}/.
export const ASSETS: Readonly<Record<string, { readonly type: string; readonly etag: string; readonly text: string }>> = {
${entries.join("")}};
`,
);

function bundled(entry) {
  const { outputFiles } = buildSync({ ...OPTIONS, entryPoints: [join(FOLDER, entry)], format: "esm" });
  return outputFiles[0].text;
}
