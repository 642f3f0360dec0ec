import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { address, type Run, start } from "../../cli/support.js";

export const TOKEN = "an operator's token";

/** The system's Chromium; undefined where there is none. */
export const CHROMIUM: string | undefined = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((program) => {
    try {
      accessSync(program, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
}

export interface Served {
  readonly run: Run;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  stop(): Promise<void>;
}

/** `warmroute serve` with this configuration, on a port of its own unless it says which. */
export async function serveConfig(config: object): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-dashboard-"));
  const file = join(folder, "config.json");
  writeFileSync(
    file,
    JSON.stringify({ listen: { port: 0 }, log: { requests: false }, drainTimeoutSecs: 0, ...config }),
  );
  const run = start(["serve", file]);
  const stop = async () => {
    run.child.kill("SIGKILL");
    await run.exit;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { run, url: (await address(run)).replace("localhost", "127.0.0.1"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const SYSTEM = [
  "You are a patient tutor of chemistry. You answer in short sentences, and ask a question back.",
  "You are a careful reviewer of legal documents. You name the clause that you speak of.",
  "You write recipes for two, with amounts in grams, and never use nuts.",
  "You translate from German, keep the tone, and explain what cannot be translated.",
  "You plan journeys by train, with times, changes and prices.",
].map((text) => `${text} `.repeat(12));

export interface Turn {
  readonly model: string;
  /** Conversations share one of five system prompts. */
  readonly conversation: number;
  /** How many questions it has by now. */
  readonly turns: number;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal | null;
}

/** One turn of a conversation: all that was said, then a question. The status; null when the signal has ended it. */
export async function turn(
  url: string,
  { model, conversation, turns, maxTokens = 24, signal = null }: Turn,
): Promise<number | null> {
  const messages = [{ role: "system", content: SYSTEM[conversation % SYSTEM.length]! }];
  for (let i = 0; i < turns; i++) {
    const question = `Question ${i} of conversation ${conversation}: ${"and why is that so? ".repeat(6)}`;
    messages.push({ role: "user", content: question });
    if (i + 1 === turns) break;
    messages.push({
      role: "assistant",
      content: `Answer ${i} to ${conversation}. ${"It depends on the case. ".repeat(10)}`,
    });
  }
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages,
        stream: true,
        max_tokens: maxTokens,
        stream_options: { include_usage: true },
      }),
      signal,
    });
    await response.text();
    return response.status;
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}
