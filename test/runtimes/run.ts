import { spawn } from "node:child_process";

export interface Outcome {
  /** Null: it was ended by a signal, after `patienceMs` too. */
  readonly code: number | null;
  /** What it has written to stdout. */
  readonly stdout: string;
  /** What it has written to both, in the order of its coming. */
  readonly output: string;
}

/** Runs a program to its end. A program that cannot be started is code 127, as in a shell. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, patienceMs }: { cwd: string; patienceMs: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: patienceMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", ({ message }) => resolve({ code: 127, stdout, output: message }));
    child.on("close", (code) => {
      resolve({ code, stdout, output: code === null ? `${output}\nended after ${patienceMs / 1000} s` : output });
    });
  });
}
