import type { RequestError } from "../../protocol/index.js";
import { type AnswerHead, ChatFormat, CompletionFormat } from "./answers.js";
import type { AnswerFormat } from "./format.js";
import { anthropicRefusal, MessagesFormat, messagesChat } from "./messages.js";
import { type GenerationRequest, readGenerationRequest, type Served } from "./request.js";
import { ResponsesFormat, responsesChat } from "./responses.js";

/** One way to ask for generated text. */
export interface GenerationApi {
  /** What its answers' ids begin with. */
  readonly prefix: string;
  /** The field that a prompt comes in. */
  readonly param: string;
  read(body: Record<string, unknown>, served: Served): GenerationRequest;
  format(head: AnswerHead, request: GenerationRequest): AnswerFormat;
  refusal(error: RequestError): Response;
}

const plainly = (error: RequestError): Response => error.toResponse();

/** By path. */
export const GENERATION_APIS: Readonly<Record<string, GenerationApi>> = {
  "/v1/completions": {
    prefix: "cmpl-",
    param: "prompt",
    read: (body, served) => readGenerationRequest(body, "completions", served),
    format: (head, request) => new CompletionFormat(head, request),
    refusal: plainly,
  },
  "/v1/chat/completions": {
    prefix: "chatcmpl-",
    param: "messages",
    read: (body, served) => readGenerationRequest(body, "chat", served),
    format: (head, request) => new ChatFormat(head, request),
    refusal: plainly,
  },
  "/v1/responses": {
    prefix: "resp_",
    param: "input",
    read: (body, served) => readGenerationRequest(responsesChat(body), "chat", served),
    format: (head) => new ResponsesFormat(head),
    refusal: plainly,
  },
  "/v1/messages": {
    prefix: "msg_",
    param: "messages",
    read: (body, served) => readGenerationRequest(messagesChat(body), "chat", served),
    format: (head) => new MessagesFormat(head),
    refusal: anthropicRefusal,
  },
};
