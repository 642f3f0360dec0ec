import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type Assignment, type Figures, OPERATIONS, type Operation, TENANTS } from "../suite/figures.js";
import { textsOf } from "../workloads/index.js";

/**
 * A tree of another language, timed by a program of its own. The program is called with a file of texts, how many
 * milliseconds to time an operation, the tenants with commas between them, and the operations. In the file each text is its
 * length in bytes (u32, little-endian) and its UTF-8. It prints lines of fields with tabs between them: an operation, its
 * p50, p99 and mean in microseconds and its samples; `memory` and bytes.
 */
export interface ExternalPeer {
  readonly about: string;
  /** What to do to have it here. */
  readonly howToGet: string;
  /**
   * The program with its first arguments, made ready to run.
   * @throws when it is not here.
   */
  command(): Promise<string[]>;
}

/** @param command what the peer's `command` gave. */
export async function measureExternal(
  command: readonly string[],
  { workload, texts, seed, timeMs, operations }: Assignment,
): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "warmroute-bench-"));
  try {
    const file = join(folder, "texts");
    await writeTexts(file, textsOf(workload, texts, seed));
    return figuresOf(await outputOf([...command, file, `${timeMs}`, TENANTS.join(","), ...operations]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a program prints, or an error with what it complained about. */
export async function outputOf([program, ...args]: readonly string[]): Promise<string> {
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [output, complaint, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${program} ended with ${signal ?? `code ${code}`}: ${complaint.trim()}`);
  return output;
}

async function writeTexts(name: string, texts: readonly string[]): Promise<void> {
  const file = await open(name, "w");
  try {
    const length = Buffer.alloc(4);
    for (const each of texts) {
      const bytes = Buffer.from(each);
      length.writeUInt32LE(bytes.length);
      await file.writev([length, bytes]);
    }
  } finally {
    await file.close();
  }
}

function figuresOf(output: string): Figures {
  const figures: Figures = { figures: [], memoryBytes: null };
  for (const line of output.trim().split("\n")) {
    const [name, ...fields] = line.split("\t");
    const [p50Us, p99Us, meanUs, samples] = fields.map(Number);
    if (name === "memory") figures.memoryBytes = p50Us! > 0 ? p50Us! : null;
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
