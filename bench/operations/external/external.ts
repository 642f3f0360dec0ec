import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type Assignment, type Figures, OPERATIONS, type Operation, TENANTS } from "../suite/figures.js";
import { chatTexts } from "../texts.js";

/**
 * A tree of another language, timed by a program of its own. The program is called with a file of texts, one a line, how
 * many milliseconds to time an operation, the tenants with commas between them, and the operations. It prints lines of
 * fields with tabs between them: an operation, its p50, p99 and mean in microseconds and its samples; `memory` and bytes.
 */
export interface ExternalPeer {
  readonly about: string;
  /** What to do to have it here. */
  readonly howToGet: string;
  /** The program with its first arguments, made ready to run; null when it is not here. */
  command(): Promise<string[] | null>;
}

/** @returns null when the peer is not here. */
export async function measureExternal(
  peer: ExternalPeer,
  { texts, seed, timeMs, operations }: Omit<Assignment, "peer">,
): Promise<Figures | null> {
  const command = await peer.command();
  if (command === null) return null;
  const folder = await mkdtemp(join(tmpdir(), "warmroute-bench-"));
  try {
    const file = join(folder, "texts.txt");
    await writeFile(file, chatTexts(texts, seed).join("\n"));
    return figuresOf(await outputOf([...command, file, `${timeMs}`, TENANTS.join(","), ...operations]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a program prints, or an error with what it complained about. */
export async function outputOf([program, ...args]: readonly string[]): Promise<string> {
  const child: ChildProcess = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [output, complaint, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint.trim()}`);
  return output;
}

function figuresOf(output: string): Figures {
  const figures: Figures = { figures: [], memoryBytes: null };
  for (const line of output.trim().split("\n")) {
    const [name, ...fields] = line.split("\t");
    const [p50Us, p99Us, meanUs, samples] = fields.map(Number);
    if (name === "memory") figures.memoryBytes = p50Us!;
    else if (!OPERATIONS.includes(name as Operation)) throw new Error(`unexpected line ${JSON.stringify(line)}`);
    else
      figures.figures.push({
        operation: name as Operation,
        p50Us: p50Us!,
        p99Us: p99Us!,
        meanUs: meanUs!,
        samples: samples!,
      });
  }
  return figures;
}
