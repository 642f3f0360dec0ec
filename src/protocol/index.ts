export { AnswerFacts } from "./answer-facts.js";
export { type PromptKind, parseJsonObject, readBody, requirePrompt } from "./body.js";
export { type ErrorBody, type ErrorDetails, errorBody, errorResponse, RequestError } from "./errors.js";
export {
  type HeaderFields,
  HeaderList,
  type HttpAnswer,
  type HttpRequest,
  Stop,
  type StopSignal,
} from "./http.js";
export { isNetwork, Networks, shortAddress } from "./ip-address.js";
export { withText } from "./json-member.js";
export type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatLogprobs,
  ChatMessage,
  Completion,
  CompletionChunk,
  CompletionLogprobs,
  ContentPart,
  FinishReason,
  Model,
  ModelList,
  TokenLogprob,
  Usage,
} from "./openai.js";
export {
  type Counter,
  type Gauge,
  type Histogram,
  MetricRegistry,
  PROMETHEUS_CONTENT_TYPE,
} from "./prometheus.js";
export { END, type Piece, type PieceSource, relay } from "./relay.js";
export { replicaUrl } from "./replica-url.js";
export {
  type Certificate,
  ListenError,
  type Listener,
  type ListenOptions,
  listen,
  listenHttp,
} from "./server/listen.js";
export type { FetchHandler, HttpHandler } from "./server/request-listener.js";
export { hexOf, sha256 } from "./sha256.js";
export { SSE_DONE, SSE_HEADERS, type SseEvent, SseParser, sseEvent } from "./sse.js";
export { UsageTail } from "./usage.js";
export { streamOf, webRequest, webResponse, webSignal } from "./web.js";
