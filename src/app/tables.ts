/**
 * What a configuration may say in numbers, flags and words, as tables: from them come the types, the checks, the JSON Schema and the
 * page of the docs. The options of policies have tables of their own (`POLICIES`).
 * Times end at 2,147,483,647 ms: a timer with a longer delay fires at once.
 */
export const LIMITS = {
  maxBodyBytes: { kind: "whole", least: 1, default: 8_388_608, unit: "bytes", about: "largest body that is accepted" },
  maxHeaderBytes: {
    kind: "whole",
    least: 1,
    default: 32_768,
    unit: "bytes",
    about: "all headers of a request together",
  },
  replicaHeader: {
    kind: "flag",
    default: false,
    about: "whether answers tell the decision (x-warmroute-replica and the like); with keys, to trusted ones only",
  },
  forwardAuthorization: {
    kind: "flag",
    default: false,
    about: "whether the client's `authorization`, `x-api-key` and `cookie` are passed to replicas",
  },
  adminTreeText: {
    kind: "flag",
    default: false,
    about: "whether `/admin/tree` may show what is in the tree, which is prompts",
  },
} as const;

export const TIMEOUTS = {
  connectMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 5_000,
    unit: "ms",
    about: "until a replica takes the connection",
  },
  firstByteMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 120_000,
    unit: "ms",
    about: "until the first byte of an answer",
  },
  idleMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 60_000,
    unit: "ms",
    about: "between two pieces of an answer",
  },
  sendMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 60_000,
    unit: "ms",
    about: "until the client takes a piece of an answer",
  },
  queueMs: {
    kind: "number",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    unit: "ms",
    about: "that a request waits for room on a replica",
  },
} as const;

export const UPSTREAM = {
  keepAliveMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 60_000,
    unit: "ms",
    about: "that an idle connection to a replica is kept, unless the replica says less",
  },
  connections: {
    kind: "whole",
    least: 1,
    default: null,
    unit: "connections",
    about: "to one replica at most; requests beyond wait for one",
  },
  rejectUnauthorized: {
    kind: "flag",
    default: true,
    about: "whether a replica's certificate has to be of one of the authorities; false trusts anybody",
  },
} as const;

export const RETRIES = {
  maxTries: {
    kind: "whole",
    least: 1,
    default: 3,
    unit: "replicas",
    about: "that a request is sent to at most, one after another, as long as none has begun to answer",
  },
  budget: {
    kind: "number",
    least: 0,
    most: 1,
    default: 0.2,
    unit: "share of the requests",
    about: "that may be retries",
  },
  backoffMs: {
    kind: "number",
    least: 0,
    most: 2_147_483_647,
    default: 25,
    unit: "ms",
    about: "wait before the first retry, with jitter",
  },
  backoffMaxMs: {
    kind: "number",
    least: 0,
    most: 2_147_483_647,
    default: 500,
    unit: "ms",
    about: "longest wait; it doubles up to it",
  },
  maxBufferBytes: {
    kind: "whole",
    least: 0,
    default: 8_388_608,
    unit: "bytes",
    about: "of a body that is kept for retries; a larger one is sent once",
  },
} as const;

export const BREAKER = {
  failures: { kind: "whole", least: 1, default: 5, unit: "failures in a row", about: "that open a replica's breaker" },
  openMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 10_000,
    unit: "ms",
    about: "that it stays open",
  },
  halfOpenRequests: {
    kind: "whole",
    least: 1,
    default: 1,
    unit: "requests",
    about: "that are let through then, to try it",
  },
} as const;

export const HEALTH = {
  intervalMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 5_000,
    unit: "ms",
    about: "between two checks of a replica",
  },
  timeoutMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 2_000,
    unit: "ms",
    about: "that a check may take",
  },
  unhealthyAfter: {
    kind: "whole",
    least: 1,
    default: 3,
    unit: "checks in a row",
    about: "that fail: no more requests",
  },
  healthyAfter: { kind: "whole", least: 1, default: 2, unit: "checks in a row", about: "that succeed: requests again" },
} as const;

export const LOAD = {
  intervalMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 1_000,
    unit: "ms",
    about: "between two readings of a replica",
  },
  timeoutMs: {
    kind: "number",
    least: 1,
    most: 2_147_483_647,
    default: 1_000,
    unit: "ms",
    about: "that a reading may take",
  },
} as const;

export const COLD_CACHE = {
  predictedTokens: {
    kind: "whole",
    least: 1,
    default: 512,
    unit: "tokens",
    about: "that must have been expected in the cache, where the replica reports none",
  },
  times: { kind: "whole", least: 1, default: 3, unit: "answers in a row", about: "that must say so" },
} as const;

export const KEY = {
  namespace: {
    kind: "flag",
    default: false,
    about: "whether its texts are kept apart in the tree, so that no hit tells what others have sent",
  },
  trusted: { kind: "flag", default: false, about: "whether its answers may tell the decision (replicaHeader)" },
  maxConcurrent: { kind: "whole", least: 1, default: null, unit: "requests", about: "under way at a time" },
  requestsPerMinute: { kind: "whole", least: 1, default: null, unit: "requests a minute", about: "that are accepted" },
} as const;

/** What `Router` takes beside the policy, its options and the replicas. */
export const ROUTER = {
  seed: { kind: "whole", least: 0, default: 0, unit: "", about: "of all that is left to chance" },
  insertAt: {
    kind: "word",
    words: ["choice", "accept"],
    default: "choice",
    about: "when a text enters the tree: when its replica is chosen, or when the replica has taken the request",
  },
  rendering: {
    kind: "word",
    words: ["structured", "reference"],
    default: "structured",
    about: "how a body becomes the text that is matched",
  },
  matching: {
    kind: "word",
    words: ["exact", "fifo"],
    default: "exact",
    about: "whom a freed place goes to: the request that was meant for it, or the one that waits longest",
  },
  maxQueuedRequests: { kind: "whole", least: 0, default: 1_000, unit: "requests", about: "that wait at a time" },
  loadValidSecs: {
    kind: "number",
    above: 0,
    default: 10,
    unit: "seconds",
    about: "after which what a replica reported is no longer believed",
  },
  leaseIdleSecs: {
    kind: "number",
    above: 0,
    default: null,
    unit: "seconds",
    about: "without a sign of life after which a request no longer counts",
  },
  explainEvery: {
    kind: "whole",
    least: 0,
    default: 0,
    unit: "decisions",
    about: "every so many-th has every candidate's figures; 0: none",
  },
} as const;

export const BACKOFF = {
  initialMs: {
    kind: "number",
    least: 0,
    most: 2_147_483_647,
    default: 25,
    unit: "ms",
    about: "before the second choice after the first",
  },
  multiplier: { kind: "number", least: 1, default: 2, unit: "times", about: "the wait before is each next one" },
  maxMs: { kind: "number", least: 0, most: 2_147_483_647, default: 500, unit: "ms", about: "longest wait" },
} as const;

export const PLACES = {
  maxOngoingRequests: {
    kind: "whole",
    least: 1,
    default: null,
    unit: "requests",
    about: "at a time on one replica; more of them wait",
  },
} as const;

export const SIMULATED = {
  speed: { kind: "number", above: 0, default: 1, unit: "times", about: "faster than real" },
  enablePrefixCaching: { kind: "flag", default: true, about: "whether it caches prefixes" },
  enableChunkedPrefill: { kind: "flag", default: true, about: "whether long prompts are prefilled in chunks" },
  maxOngoingRequests: {
    kind: "whole",
    least: 1,
    default: null,
    unit: "requests",
    about: "at a time; it answers one more with 503",
  },
} as const;

export const READY = {
  timeoutMs: {
    kind: "number",
    above: 0,
    most: 2_147_483_647,
    default: 600_000,
    unit: "ms",
    about: "that it may take from its start; then it is stopped and started anew",
  },
  intervalMs: {
    kind: "number",
    above: 0,
    most: 2_147_483_647,
    default: 500,
    unit: "ms",
    about: "between two questions whether it is ready",
  },
} as const;

export const COPIES = {
  count: {
    kind: "whole",
    least: 1,
    default: 1,
    unit: "replicas",
    about: "so many of these, with -1, -2 and so on behind their id; not for a url",
  },
} as const;

export const SPAWN = {
  port: { kind: "whole", least: 1, most: 65_535, default: null, unit: "", about: "for {port}; left out: a free one" },
  stopTimeoutMs: {
    kind: "number",
    least: 0,
    most: 2_147_483_647,
    default: 30_000,
    unit: "ms",
    about: "from SIGTERM to SIGKILL when it is stopped",
  },
} as const;

export const LISTEN = {
  port: { kind: "whole", least: 0, most: 65_535, default: 8_000, unit: "", about: "port; 0 takes a free one" },
} as const;

export const STOP = {
  drainTimeoutSecs: {
    kind: "number",
    least: 0,
    default: 30,
    unit: "seconds",
    about: "that a stop, or a replica's removal, waits for open answers",
  },
} as const;

export const LOG = {
  format: {
    kind: "word",
    words: ["text", "json"],
    default: "text",
    about: "lines for people, or JSON, an object a line",
  },
  requests: { kind: "flag", default: true, about: "whether each request has a line" },
  sample: {
    kind: "number",
    least: 0,
    most: 1,
    default: 1,
    unit: "share of the requests",
    about: "that have a line, evenly spaced; those that do not end well always have one",
  },
} as const;

export const TRACING = {
  tracing: { kind: "flag", default: false, about: "whether requests are traced with OpenTelemetry (docs/tracing.md)" },
} as const;

export const REPLICA_PORT = {
  port: {
    kind: "whole",
    least: 1,
    most: 65_535,
    default: null,
    unit: "",
    about: "of the replicas; SRV records tell it",
  },
} as const;

export const DNS = {
  records: { kind: "word", words: ["A", "AAAA", "SRV"], default: "A", about: "what is asked for; SRV tells ports too" },
  intervalMs: {
    kind: "number",
    least: 100,
    most: 2_147_483_647,
    default: 30_000,
    unit: "ms",
    about: "longest time between two questions; a shorter TTL shortens it",
  },
  minIntervalMs: {
    kind: "number",
    least: 100,
    most: 2_147_483_647,
    default: 1_000,
    unit: "ms",
    about: "shortest time between two questions, whatever the TTL says",
  },
} as const;
