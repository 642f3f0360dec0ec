import { RequestError, requirePrompt } from "../../protocol/index.js";
import { tokenId, tokenTexts } from "../../workloads/index.js";
import { bad, chatText, flag, refused, type Served, servedModel } from "./request.js";

/** `POST /tokenize` as vLLM answers it: of a text, or of a chat as its template writes it. */
export function tokenizeAnswer(body: Record<string, unknown>, served: Served, maxModelLen: number): object {
  servedModel(body, served);
  const text = tokenizedText(body);
  const tokens = served.tokenizer(text);
  return {
    count: tokens.length,
    max_model_len: maxModelLen,
    tokens,
    token_strs: flag(body, "return_token_strs") ? tokens.map((token) => served.textOf([token])) : null,
  };
}

/** `POST /detokenize`. */
export function detokenizeAnswer(body: Record<string, unknown>, served: Served): object {
  servedModel(body, served);
  const { tokens } = body;
  if (!Array.isArray(tokens) || !tokens.every((id) => Number.isInteger(id) && id >= 0)) {
    throw bad("tokens", tokens, "an array of token ids");
  }
  return { prompt: served.textOf(tokens) };
}

function tokenizedText(body: Record<string, unknown>): string {
  if (body.messages !== undefined) {
    requirePrompt(body, "chat");
    return chatText(body);
  }
  if (typeof body.prompt !== "string") throw bad("prompt", body.prompt, "a string, or messages in its place");
  return body.prompt;
}

/** The texts of the built-in tokenizer's tokens, as far as it has seen them: their ids are hashes, which say nothing. */
export class Vocabulary {
  readonly #texts = new Map<number, string>();

  /** As the tokenizer, and remembers. */
  tokenize(text: string): number[] {
    return tokenTexts(text).map((token) => {
      const id = tokenId(token);
      this.#texts.set(id, token);
      return id;
    });
  }

  /** @throws RequestError 400 for a token that it has not seen. */
  textOf(tokens: readonly number[]): string {
    return tokens
      .map((id) => {
        const text = this.#texts.get(id);
        if (text === undefined) throw refused("tokens", `${id} is no token that this replica has made of a text.`);
        return text;
      })
      .join("");
  }
}

/** What a replica with somebody's own tokenizer says when it has no way back from tokens to text. */
export function noWayBack(): never {
  throw new RequestError(501, "This replica was given a tokenizer but no detokenizer.", {
    type: "NotImplementedError",
    code: 501,
  });
}
