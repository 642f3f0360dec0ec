// Writes docs/api.md from the types, the comments and the command's own help; with --check it writes nothing and fails when
// the page is not what they give. It reads src/, so that a stale dist/ cannot deceive it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commandHelp } from "./command.js";
import { readApi } from "./declarations.js";
import { renderApi } from "./markdown.js";

const PAGE = "docs/api.md";

const page = renderApi(readApi(), commandHelp());
if (process.argv.includes("--check")) {
  const difference = firstDifference(existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "", page);
  if (difference !== null) {
    process.stderr.write(`${PAGE} is out of date: run \`npm run docs\`.\n${difference}\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(PAGE, page);
}

/** Null for equal pages. */
function firstDifference(current: string, right: string): string | null {
  if (current === right) return null;
  const is = current.split("\n");
  const shouldBe = right.split("\n");
  let at = 0;
  while (is[at] === shouldBe[at]) at++;
  const show = (line: string | undefined) => (line === undefined ? "the end" : JSON.stringify(line));
  return `  line ${at + 1} is ${show(is[at])}\n  and should be ${show(shouldBe[at])}`;
}
