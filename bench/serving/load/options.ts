import { type Command, InvalidArgumentError, Option } from "commander";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  port,
  positiveInteger,
  positiveNumber,
} from "../../../src/cli/option-values.js";
import { BACKENDS, type BackendName } from "./backends.js";
import { type DatasetOptions, datasetNames } from "./datasets.js";

/** What a run was told, by the names of its options. Those of Ray's benchmark and of SGLang's `bench_serving` have their names. */
export interface RunOptions extends DatasetOptions {
  readonly backend: BackendName;
  readonly baseUrl?: string;
  readonly host: string;
  readonly port: number;
  readonly model?: string;
  readonly requestRate: number;
  readonly maxConcurrency?: number;
  readonly withWarmup: boolean;
  readonly disableIgnoreEos: boolean;
  readonly disableStream: boolean;
  readonly extraRequestBody: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, string>>;
  readonly apiKey?: string;
  readonly timeout: number;
}

/** Adds the options of a run; its boolean ones take a value or none. */
export function addRunOptions(command: Command): Command {
  return command
    .optionsGroup("Server:")
    .addOption(
      new Option("--backend <name>", "how it is asked; openai sends nothing that OpenAI does not know")
        .choices(Object.keys(BACKENDS))
        .default("vllm"),
    )
    .option("--base-url <url>", "its address without /v1, in place of host and port", address)
    .option("--host <address>", "its host", "127.0.0.1")
    .option("--port <number>", "its port", port, 8000)
    .option("--model <name>", "which model is asked for (default: the first that the server has)")
    .option("--api-key <key>", "sent as a bearer token (default: OPENAI_API_KEY)", headerValue)
    .option("--header <name=value>", "a header of each request; repeat it for more", header, {})
    .option("--extra-request-body <json>", "more fields of each request's body", jsonObject, {})
    .option("--timeout <seconds>", "how long a request waits without a sign of its answer", positiveNumber, 600)
    .optionsGroup("Requests:")
    .addOption(
      new Option(
        "--dataset-name <name>",
        "where prompts come from (default: sharegpt with a file or link, else reference)",
      ).choices(datasetNames),
    )
    .option("--dataset-path <file>", "its file")
    .option("--dataset-link <url>", "where its file is fetched from, once")
    .option("--seed <number>", "seed of the choice, of lengths, of arrivals", nonNegativeInteger, 42)
    .option("--num-prompts <count>", "how many requests", positiveInteger, 1000)
    .option("--max-conversations <count>", "of how many conversations they are pieces", positiveInteger, 10_000)
    .addOption(flag("--in-order", "of prompts that go on with each other the shorter one first", false))
    .option("--min-output-len <tokens>", "shortest answer that is asked for", positiveInteger, 10)
    .option("--max-output-len <tokens>", "longest", positiveInteger, 200)
    .option("--request-rate <number>", "requests a second, at random times; inf sends all at once", rate, Infinity)
    .option("--max-concurrency <count>", "most requests under way (default: no limit)", positiveInteger)
    .addOption(flag("--with-warmup", "run twice on the same servers; the second one counts", false))
    .addOption(flag("--disable-ignore-eos", "let answers end at the end-of-sequence token", false))
    .addOption(flag("--disable-stream", "ask for whole answers", false))
    .optionsGroup("generated-shared-prefix:")
    .option("--gsp-num-groups <count>", "shared system prompts", positiveInteger, 64)
    .option("--gsp-prompts-per-group <count>", "questions after each", positiveInteger, 16)
    .option("--gsp-system-prompt-len <tokens>", "length of a system prompt", positiveInteger, 2048)
    .option("--gsp-question-len <tokens>", "length of a question", positiveInteger, 128)
    .option("--gsp-output-len <tokens>", "length of an answer", positiveInteger, 256)
    .option("--gsp-range-ratio <share>", "least length by the greatest", nonNegativeNumber, 1)
    .addOption(flag("--gsp-ordered", "group after group, not shuffled", false))
    .option("--gsp-zipf-alpha <number>", "draw groups by Zipf's law with this exponent", positiveNumber)
    .optionsGroup("random, mooncake:")
    .option("--random-input-len <tokens>", "length of a prompt", positiveInteger, 1024)
    .option("--random-output-len <tokens>", "length of an answer", positiveInteger, 1024)
    .option("--random-range-ratio <share>", "least length by the greatest", nonNegativeNumber, 0)
    .option("--mooncake-slowdown-factor <number>", "by which a trace's times are stretched", positiveNumber, 1)
    .optionsGroup("Other:");
}

/** An option that is true when named, and takes true or false. */
export function flag(name: string, about: string, byDefault: boolean): Option {
  return new Option(`${name} [true|false]`, about).argParser(truth).preset(true).default(byDefault);
}

function truth(value: string | boolean): boolean {
  if (typeof value === "boolean") return value;
  const word = value.toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) return true;
  if (["false", "0", "no", "off"].includes(word)) return false;
  throw new InvalidArgumentError("It must be true or false.");
}

function rate(value: string): number {
  return /^\+?inf(inity)?$/i.test(value) ? Number.POSITIVE_INFINITY : positiveNumber(value);
}

function address(value: string): string {
  if (!URL.canParse(value) || !/^https?:\/\//i.test(value)) {
    throw new InvalidArgumentError("It must be an http or https address.");
  }
  const { origin, pathname, search, hash } = new URL(value);
  if (search !== "" || hash !== "") throw new InvalidArgumentError("It must have no query or fragment.");
  // Whoever gives the address with /v1, as OpenAI's clients want it, means the same.
  return origin + pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
}

function header(value: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = value.search(/[=:]/);
  if (at < 1 || !/^[\w!#$%&'*+.^`|~-]+$/.test(value.slice(0, at))) {
    throw new InvalidArgumentError("It must be name=value.");
  }
  return { ...before, [value.slice(0, at).toLowerCase()]: headerValue(value.slice(at + 1).trim()) };
}

function headerValue(value: string): string {
  try {
    new Headers({ value });
    return value;
  } catch {
    throw new InvalidArgumentError("A header has characters of Latin-1 only, and no line breaks.");
  }
}

function jsonObject(value: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {}
  throw new InvalidArgumentError("It must be a JSON object.");
}
