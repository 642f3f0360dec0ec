import type { App, AppConfig, AppEvent, AppUpdate, KeptTexts, LogConfig } from "../app/index.js";
import type { RequestRecord } from "../gateway/index.js";
import { AccessLog } from "./access-log.js";
import { stdoutLines } from "./lines.js";

/** The model that is asked for in the line to try when the replicas are not ours. */
const EXAMPLE_MODEL = "Qwen/Qwen2.5-1.5B-Instruct";

/** What `serve` prints: lines for people, or JSON, one object a line. What is wrong goes to stderr. */
export class Report {
  #log: LogConfig;
  readonly #requests: AccessLog;
  #started = false;

  /** @throws UsageError for a file of the log that cannot be opened. */
  constructor(log: LogConfig = {}) {
    this.#log = log;
    this.#requests = new AccessLog(log, (message) => this.problem(message));
  }

  /** It may change while it runs. */
  set(log: LogConfig = {}): void {
    this.#log = log;
    this.#requests.set(log);
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    return this.#requests.close();
  }

  /** From then on what happens is told; before, it is a part of this. */
  start(url: string, { models }: App, config: AppConfig, dashboard: string | null): void {
    this.#started = true;
    const address = url.replace("//127.0.0.1:", "//localhost:").replace("//0.0.0.0:", "//localhost:");
    const model = config.models[0]!.name ?? EXAMPLE_MODEL;
    const body = JSON.stringify({ model, prompt: "Why is the sky blue?", max_tokens: 50, stream: false });
    const key = config.keys === undefined ? "" : ` -H "Authorization: Bearer $KEY"`;
    const told = models.map(({ name, router }) => ({
      ...(name !== "" && { name }),
      policy: router.policy,
      replicas: router.replicas.map(({ id, url: at }) => ({ id, url: at! })),
    }));
    const page = dashboard === null ? null : address + dashboard;
    const what = told.length === 1 ? told[0] : { models: told };
    this.#print({ event: "listening", url, ...what, ...(page !== null && { dashboard: page }) }, [
      `warmroute listens on ${url}`,
      ...told.flatMap(({ name, policy, replicas }) => [
        `${name === undefined ? "" : `model ${name}, `}policy ${policy}, replicas:`,
        ...(replicas.length === 0 ? ["  none yet"] : replicas.map(({ id, url: at }) => `  ${id}  ${at}`)),
      ]),
      ...(page === null ? [] : [`dashboard: ${page}`]),
      "try:",
      `  curl -X POST ${address}/v1/completions -H "Content-Type: application/json"${key} -d '${body}'`,
      "",
    ]);
  }

  request(record: RequestRecord): void {
    this.#requests.write(record);
  }

  readonly event = (event: AppEvent): void => {
    if (event.event === "problem") {
      this.problem(of(event.model, event.message));
      return;
    }
    const { event: what, model, replica } = event;
    const about = "url" in event ? ` at ${event.url}` : "reason" in event ? `: ${event.reason}` : "";
    if (this.#started) this.#print({ ...event, time: now() }, [of(model, `${replica} ${WORDS[what]}${about}`)]);
  };

  /** A line that a replica's process has written. */
  line(replica: string, stream: "stdout" | "stderr", line: string): void {
    if (this.#isJson) this.#print({ event: "replica_output", time: now(), replica, stream, line }, []);
    else if (stream === "stdout") stdoutLines.write(`[${replica}] ${line}`);
    else process.stderr.write(`[${replica}] ${line}\n`);
  }

  draining(signal: string, seconds: number): void {
    this.#print({ event: "draining", signal }, [`${signal}: finishing open answers, for ${seconds} s at most`]);
  }

  reloaded(update: AppUpdate): void {
    this.#print({ event: "reloaded", time: now(), ...update }, [`configuration reloaded: ${changesOf(update)}`]);
  }

  /** Each line of it is one. */
  problem(message: string): void {
    for (const line of message.split("\n")) process.stderr.write(`warmroute: ${line}\n`);
  }

  get #isJson(): boolean {
    return this.#log.format === "json";
  }

  #print(json: object, lines: readonly string[]): void {
    stdoutLines.write(this.#isJson ? JSON.stringify(json) : lines.join("\n"));
  }
}

const WORDS = {
  replica_up: "is up",
  replica_added: "was found",
  replica_down: "is down",
  replica_removed: "is removed",
} as const;

function changesOf({ changed, added, removed }: AppUpdate): string {
  const changes = [
    ...added.map((model) => `model ${model} added`),
    ...removed.map((model) => `model ${model} removed`),
    ...changed.flatMap(({ model, added: come, removed: gone, restarted, kept }) =>
      [
        come.length > 0 && `replicas added: ${come.join(", ")}`,
        gone.length > 0 && `replicas removed: ${gone.join(", ")}`,
        restarted.length > 0 && `replicas started anew: ${restarted.join(", ")}`,
        kept !== null && `policy made anew, ${told(kept)}`,
      ].flatMap((change) => (change === false ? [] : [of(model, change)])),
    ),
  ];
  return changes.join("; ") || "models and replicas are the same";
}

function told({ chars, of: all, lost }: KeptTexts): string {
  if (lost !== null) return `without what was sent before (${lost})`;
  return chars === all
    ? `with the ${all} characters sent before`
    : `with ${chars} of the ${all} characters sent before`;
}

function of(model: string, message: string): string {
  return model === "" ? message : `${model}: ${message}`;
}

function now(): string {
  return new Date().toISOString();
}
