import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Run {
  readonly child: ChildProcess;
  /** All lines on stdout so far. */
  readonly lines: readonly string[];
  /** All of stderr so far. */
  errors(): string;
  /** Resolves with the first line on stdout, past or future, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves when so many lines on stdout match. */
  count(pattern: RegExp, times: number): Promise<void>;
  /** Resolves with the first line on stderr, past or future, that matches. */
  error(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code when all output has been read. */
  exit: Promise<number | null>;
}

/** Runs the built `warmroute`; it is killed when the test finishes, unless `keep` says otherwise. */
export function warmroute(...args: string[]): Run {
  const run = start(args);
  onTestFinished(() => void run.child.kill("SIGKILL"));
  return run;
}

/** As `warmroute`, but whoever starts it ends it. */
export function start(args: readonly string[]): Run {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\` first`);
  return run(process.execPath, [MAIN, ...args]);
}

/** Runs any program; whoever starts it ends it. @param detached whether it leads a process group of its own. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env, detached = false }: { cwd?: string; env?: Record<string, string | undefined>; detached?: boolean } = {},
): Run {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "pipe", detached });
  let errors = "";
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const notice = () => {
    for (const check of watchers) check();
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    notice();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    notice();
  });
  // Once all output has been read: what it has written last comes after it has exited.
  let closed = false;
  const exit = once(child, "close").then(([code]) => {
    closed = true;
    notice();
    return code as number | null;
  });
  /** Resolves with what is found when it is. */
  const until = <Found>(find: () => Found | undefined, what: string): Promise<Found> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = find();
        if (found !== undefined) resolve(found);
        else if (!closed) return;
        else reject(new Error(`ended with ${child.exitCode ?? child.signalCode} before ${what}: ${errors}`));
        watchers.delete(check);
      };
      watchers.add(check);
      check();
    });
  return {
    child,
    lines,
    errors: () => errors,
    line: (pattern) => until(() => lines.find((line) => pattern.test(line)), String(pattern)),
    async count(pattern, times) {
      await until(() => lines.filter((line) => pattern.test(line)).length >= times || undefined, `${pattern}`);
    },
    error: (pattern) =>
      until(
        () =>
          errors
            .split("\n")
            .slice(0, -1)
            .find((line) => pattern.test(line)),
        String(pattern),
      ),
    exit,
  };
}

/** The address in the first line that `serve` prints. */
export async function address(run: Run): Promise<string> {
  return /http:\S+/.exec(await run.line(/^warmroute listens on /))![0];
}
