import { spawnSync } from "node:child_process";
import type { CommandHelp } from "./model.js";

/** What `warmroute --help` and the help of each of its commands print. */
export function commandHelp(): CommandHelp[] {
  const overview = help([]);
  const listed = /^Commands:\n(.*?)(?:\n\n|$)/ms.exec(`${overview}\n\n`)?.[1] ?? "";
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name!);
  if (names.length === 0) throw new Error(`no commands found in the help:\n${overview}`);
  return [
    { command: "warmroute", text: overview },
    ...names.map((name) => ({ command: `warmroute ${name}`, text: help([name]) })),
  ];
}

function help(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", ...args, "--help"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`warmroute ${args.join(" ")} --help failed:\n${stderr}`);
  return stdout.trim();
}
