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

const router = string("which of several routers; empty where there is one");
const timeS = number("s", "when, by the router's clock");
const request = number("", "the request's number at its router, from 0 in order of arrival");
const attempt = number("", "how often a replica had rejected the request before");
const replica = string("the replica's id");
const intended = string(
  'the replica that the policy first meant it for; null where it waited unasked (`matching: "fifo"`)',
);
const textChars = number("characters", "length of the request's text; of token ids, tokens");

/** What tells one try of a request. */
const tried = { router, time_s: timeS, request, attempt };

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
      queue_length: number("requests", "live leases of this router"),
      load: number("requests", "what policies compare: leases, and what the replica reported beyond them"),
      running: number("requests", "running, as the replica last reported"),
      waiting: number("requests", "waiting in it, as it last reported"),
      kv_usage: number("0 to 1", "share of its KV cache in use, as it last reported"),
    },
  },
  prefix_match_rate: {
    about: "How much of each routed request matched.",
    columns: {
      ...tried,
      replica,
      policy: string("the policy's name"),
      reason: string("why that replica (the decision's reasons)"),
      text_chars: textChars,
      matched_chars: number("characters", "of the text, what the policy's tree had"),
      match_rate: number("0 to 1", "matched_chars ÷ text_chars"),
      hit_available: number("characters", "what some candidate had been sent before"),
      hit_chosen: number("characters", "what the chosen replica had been sent before"),
    },
  },
  char_count_over_time: {
    about: "Characters of each replica in the router's tree, once an interval.",
    columns: { router, time_s: timeS, replica, chars: number("characters", "that it owns") },
  },
  routing_mismatches: {
    about: "Where each request was meant to go, and where it went.",
    columns: {
      ...tried,
      intended,
      replica: string("the replica that it got"),
      matched: boolean("whether it is the intended one; null where none was"),
    },
  },
  deployment_overhead: {
    about: "Stages of each request that has ended, by a stopwatch of the router's process.",
    columns: {
      router,
      request,
      attempt,
      received_s: number("s", "the router was called"),
      asked_s: number("s", "the policy was asked: the request is read, and has waited if it had to"),
      matched_s: number("s", "the policy answered: matched, and applied its rule"),
      chosen_s: number("s", "the lease is there, and the text in the tree"),
      sent_s: number("s", "the replica accepted it"),
      first_token_s: number("s", "the first piece of the answer came"),
      ended_s: number("s", "the lease ended"),
    },
  },
  lease_ends: {
    about: "How each lease ended, and what the replica said of the answer.",
    columns: {
      ...tried,
      replica,
      end: string("released, rejected, aborted, idle or forgotten"),
      failed: boolean("whether an error was reported"),
      ttft_ms: number("ms", "from received_s to first_token_s"),
      prompt_tokens: number("tokens", "of the prompt"),
      cached_tokens: number("tokens", "of the prompt, those that were in the replica's cache"),
      completion_tokens: number("tokens", "of the answer"),
    },
  },
  turned_away: {
    about: "Requests that got no replica.",
    columns: {
      ...tried,
      intended,
      why: string("no_replica, queue_full, queue_timeout, aborted or error"),
      waited_s: number("s", "from its arrival"),
    },
  },
  decisions_by_reason: {
    about: "Decisions since the row before, by their reason; a row an interval in which there were some.",
    columns: {
      router,
      time_s: timeS,
      policy: string("the policy's name"),
      reason: string("why (the decision's reasons)"),
      decisions: number("decisions", "how many"),
    },
  },
  evictions: {
    about: "What the router's tree let go since the row before.",
    columns: {
      router,
      time_s: timeS,
      cause: string("pressure (no room), expiry (ttlSecs) or sweep (the eviction loop)"),
      evictions: number("", "how often"),
      chars: number("characters", "how much"),
    },
  },
  vllm_metrics: {
    about: "The engines' own metrics, as scraped; written by whoever scrapes.",
    columns: {
      time_s: number("s", "when it was scraped"),
      replica,
      metric: string("the metric's name and labels, as the replica gives them"),
      value: number("the metric's", "its value"),
    },
  },
};

/** A row: a value for each column, in their order. */
export type Row = readonly (string | number | boolean | null)[];

function number(unit: string, about: string): Column {
  return { type: "number", unit, about };
}

function string(about: string): Column {
  return { type: "string", about };
}

function boolean(about: string): Column {
  return { type: "boolean", about };
}
