// Writes docs/api.md from the types, the comments and the command's own help; with --check it writes nothing and fails when
// the page is not what they give. It reads src/, so that a stale dist/ cannot deceive it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commandHelp } from "./command.js";
import { readApi } from "./declarations.js";
import { renderApi } from "./markdown.js";
import type { Api, Comment } from "./model.js";

const PAGE = "docs/api.md";

const api = readApi();
const page = renderApi(api, commandHelp());
if (process.argv.includes("--check")) {
  const difference = firstDifference(existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "", page);
  if (difference !== null) {
    process.stderr.write(`${PAGE} is out of date: run \`npm run docs\`.\n${difference}\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(PAGE, page);
  const bare = uncommented(api);
  if (bare.length > 0) process.stdout.write(`${PAGE} is written. Without a comment: ${bare.join(", ")}\n`);
}

/** What is exported and its members, where nothing is said of them. */
function uncommented({ entryPoints }: Api): string[] {
  const items = entryPoints.flatMap((entryPoint) => entryPoint.items).filter(({ isExported }) => isExported);
  const isBare = ({ doc, tags }: Comment) => doc === "" && tags.length === 0;
  return items.flatMap((item) => {
    const own = [...item.properties.filter(({ from }) => from === null), ...item.methods];
    const members = own.filter((member) => isBare(member) && member.name !== "constructor");
    // A list of options or figures is told by its name and its members.
    const hasMembers = own.length > 0;
    return [...(isBare(item) && !hasMembers ? [item.name] : []), ...members.map(({ name }) => `${item.name}.${name}`)];
  });
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
