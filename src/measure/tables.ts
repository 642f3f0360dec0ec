/** The version of the format; it changes when a column goes or changes its meaning, not when one is added. */
export const RESULTS_VERSION = 1;

/** What a column holds; a number has its unit. Every value may be null, where it is not known or does not apply. */
export interface Column {
  readonly type: "string" | "number" | "boolean";
  /** Of a number. */
  readonly unit?: string;
  /** One line, beginning in lower case. */
  readonly about: string;
}

/** A kind of results: one CSV file, or one table in a JSON file. */
export interface Table {
  /** One line, beginning with a capital. */
  readonly about: string;
  readonly columns: Readonly<Record<string, Column>>;
}

const router: Column = { type: "string", about: "which of several routers; empty where there is one" };
const timeS: Column = { type: "number", unit: "s", about: "when, by the router's clock" };
const request: Column = {
  type: "number",
  unit: "",
  about: "the request's number at its router, from 0 in order of arrival",
};
const attempt: Column = { type: "number", unit: "", about: "how often a replica had rejected the request before" };
const replica: Column = { type: "string", about: "the replica's id" };
const intended: Column = {
  type: "string",
  about: 'the replica that the policy first meant it for; null where it waited unasked (`matching: "fifo"`)',
};
const textChars: Column = {
  type: "number",
  unit: "characters",
  about: "length of the request's text; of token ids, tokens",
};

export type TableName =
  | "load_distribution"
  | "prefix_match_rate"
  | "char_count_over_time"
  | "routing_mismatches"
  | "deployment_overhead"
  | "lease_ends"
  | "turned_away"
  | "decisions_by_reason"
  | "evictions"
  | "vllm_metrics";

/** Every table that simulator, gateway and benchmark write. The names of the first five are the reference's folders. */
export const TABLES: Readonly<Record<TableName, Table>> = {
  load_distribution: {
    about: "Load of each replica, once an interval.",
    columns: {
      router,
      time_s: timeS,
      replica,
      queue_length: { type: "number", unit: "requests", about: "live leases of this router" },
      load: {
        type: "number",
        unit: "requests",
        about: "what policies compare: leases, and what the replica reported beyond them",
      },
      running: { type: "number", unit: "requests", about: "running, as the replica last reported" },
      waiting: { type: "number", unit: "requests", about: "waiting in it, as it last reported" },
      kv_usage: { type: "number", unit: "0 to 1", about: "share of its KV cache in use, as it last reported" },
    },
  },
  prefix_match_rate: {
    about: "How much of each routed request matched.",
    columns: {
      router,
      time_s: timeS,
      request,
      attempt,
      replica,
      policy: { type: "string", about: "the policy's name" },
      reason: { type: "string", about: "why that replica (the decision's reasons)" },
      text_chars: textChars,
      matched_chars: { type: "number", unit: "characters", about: "of the text, what the policy's tree had" },
      match_rate: { type: "number", unit: "0 to 1", about: "matched_chars ÷ text_chars" },
      hit_available: { type: "number", unit: "characters", about: "what some candidate had been sent before" },
      hit_chosen: { type: "number", unit: "characters", about: "what the chosen replica had been sent before" },
    },
  },
  char_count_over_time: {
    about: "Characters of each replica in the router's tree, once an interval.",
    columns: { router, time_s: timeS, replica, chars: { type: "number", unit: "characters", about: "that it owns" } },
  },
  routing_mismatches: {
    about: "Where each request was meant to go, and where it went.",
    columns: {
      router,
      time_s: timeS,
      request,
      attempt,
      intended,
      replica: { type: "string", about: "the replica that it got" },
      matched: { type: "boolean", about: "whether it is the intended one; null where none was" },
    },
  },
  deployment_overhead: {
    about: "Stages of each request that has ended, by a stopwatch of the router's process.",
    columns: {
      router,
      request,
      attempt,
      received_s: { type: "number", unit: "s", about: "the router was called" },
      asked_s: {
        type: "number",
        unit: "s",
        about: "the policy was asked: the request is read, and has waited if it had to",
      },
      matched_s: { type: "number", unit: "s", about: "the policy answered: matched, and applied its rule" },
      chosen_s: { type: "number", unit: "s", about: "the lease is there, and the text in the tree" },
      sent_s: { type: "number", unit: "s", about: "the replica accepted it" },
      first_token_s: { type: "number", unit: "s", about: "the first piece of the answer came" },
      ended_s: { type: "number", unit: "s", about: "the lease ended" },
    },
  },
  lease_ends: {
    about: "How each lease ended, and what the replica said of the answer.",
    columns: {
      router,
      time_s: timeS,
      request,
      attempt,
      replica,
      end: { type: "string", about: "released, rejected, aborted, idle or forgotten" },
      failed: { type: "boolean", about: "whether an error was reported" },
      ttft_ms: { type: "number", unit: "ms", about: "from received_s to first_token_s" },
      prompt_tokens: { type: "number", unit: "tokens", about: "of the prompt" },
      cached_tokens: { type: "number", unit: "tokens", about: "of the prompt, those that were in the replica's cache" },
      completion_tokens: { type: "number", unit: "tokens", about: "of the answer" },
    },
  },
  turned_away: {
    about: "Requests that got no replica.",
    columns: {
      router,
      time_s: timeS,
      request,
      attempt,
      intended,
      why: { type: "string", about: "no_replica, queue_full, queue_timeout, aborted or error" },
      waited_s: { type: "number", unit: "s", about: "from its arrival" },
    },
  },
  decisions_by_reason: {
    about: "Decisions since the row before, by their reason; a row an interval in which there were some.",
    columns: {
      router,
      time_s: timeS,
      policy: { type: "string", about: "the policy's name" },
      reason: { type: "string", about: "why (the decision's reasons)" },
      decisions: { type: "number", unit: "decisions", about: "how many" },
    },
  },
  evictions: {
    about: "What the router's tree let go since the row before.",
    columns: {
      router,
      time_s: timeS,
      cause: { type: "string", about: "pressure (no room), expiry (ttlSecs) or sweep (the eviction loop)" },
      evictions: { type: "number", unit: "", about: "how often" },
      chars: { type: "number", unit: "characters", about: "how much" },
    },
  },
  vllm_metrics: {
    about: "The engines' own metrics, as scraped; written by whoever scrapes.",
    columns: {
      time_s: { type: "number", unit: "s", about: "when it was scraped" },
      replica,
      metric: { type: "string", about: "the metric's name and labels, as the replica gives them" },
      value: { type: "number", unit: "the metric's", about: "its value" },
    },
  },
};

/** A row: a value for each column, in their order. */
export type Row = readonly (string | number | boolean | null)[];
