import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** A stage of a Containerfile: its instructions in order, such as `["WORKDIR", "/build"]`. */
export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly (readonly [string, string])[];
}

/** Reads what a Containerfile of ours uses of the language: stages, comments, continued lines. */
export function readContainerfile(text: string): Stage[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  const stages: { image: string; name: string; instructions: [string, string][] }[] = [];
  for (const line of lines) {
    const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (word === undefined || rest === undefined) continue;
    if (word === "FROM") {
      const [image = "", , name = ""] = rest.split(/\s+/);
      stages.push({ image, name, instructions: [] });
    } else stages.at(-1)!.instructions.push([word, rest]);
  }
  return stages;
}

/** What the last of the stage's instructions of a kind says. */
export function instruction(stage: Stage, word: string): string | undefined {
  return stage.instructions.findLast(([each]) => each === word)?.[1];
}

/** Puts into a folder what `.dockerignore` lets through: it refuses all, then names what is let in, then what of that is not. */
export function copyContext(root: string, folder: string): void {
  const patterns = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (patterns.shift() !== "*") throw new Error(".dockerignore must refuse everything first");
  for (const pattern of patterns) {
    if (!pattern.startsWith("!")) rmSync(join(folder, pattern), { force: true, recursive: true });
    else cpSync(join(root, pattern.slice(1)), join(folder, pattern.slice(1)), { recursive: true });
  }
}

/**
 * Does what the stages say to files, each stage in a folder of its own below `folder`: WORKDIR, COPY and RUN. What the
 * images bring is what this machine has.
 * @param beforeRun is given each command and where it runs, and returns what to add to its environment.
 * @returns the folder of the last stage's WORKDIR.
 */
export function executeStages(
  stages: readonly Stage[],
  context: string,
  folder: string,
  beforeRun: (command: string, cwd: string) => NodeJS.ProcessEnv,
): string {
  let at = "";
  for (const [index, stage] of stages.entries()) {
    const root = join(folder, stage.name || String(index));
    at = root;
    for (const [word, rest] of stage.instructions) {
      if (word === "WORKDIR") {
        at = join(root, rest);
        mkdirSync(at, { recursive: true });
      } else if (word === "COPY") {
        const from = /^--from=(\S+)\s+/.exec(rest);
        const paths = rest.slice(from?.[0].length ?? 0).split(/\s+/);
        const target = join(at, paths.pop()!);
        for (const path of paths) copy(join(from === null ? context : join(folder, from[1]!), path), target);
      } else if (word === "RUN") {
        const env = { ...process.env, ...beforeRun(rest, at) };
        const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", rest], { cwd: at, env, encoding: "utf8" });
        if (status !== 0) throw new Error(`RUN ${rest} failed:\n${stdout}${stderr}`);
      }
    }
  }
  return at;
}

/** Of a folder its contents, as COPY does it; a file into the folder, which all targets here are. */
function copy(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  cpSync(source, statSync(source).isFile() ? join(target, basename(source)) : target, { recursive: true });
}
