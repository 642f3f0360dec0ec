import type { ChatLogprobs, CompletionLogprobs, TokenLogprob } from "../../protocol/index.js";

/** A generated token as it is told. */
export interface TokenText {
  readonly text: string;
  readonly id: number;
}

/** Tokens that might have come instead. */
const OTHERS = " and, the, a, of, to, in, is, it, that, for, on, as, with, by, at, from, or, an, be, not, no".split(
  ",",
);

/** @param offset where the text of the first token begins. */
export function completionLogprobs(tokens: readonly TokenText[], top: number, offset: number): CompletionLogprobs {
  let end = offset;
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ id }) => logprob(id)),
    top_logprobs: tokens.map((token) =>
      Object.fromEntries([token.text, ...others(token, top - 1)].map((text, i) => [text, logprob(token.id) - 1.5 * i])),
    ),
    text_offset: tokens.map(({ text }) => {
      const begin = end;
      end += text.length;
      return begin;
    }),
  };
}

export function chatLogprobs(tokens: readonly TokenText[], top: number): ChatLogprobs {
  return {
    content: tokens.map((token) => ({
      ...entry(token.text, logprob(token.id)),
      top_logprobs:
        top === 0
          ? []
          : [token.text, ...others(token, top - 1)].map((text, i) => entry(text, logprob(token.id) - 1.5 * i)),
    })),
  };
}

function entry(token: string, logprob: number): TokenLogprob {
  return { token, logprob, bytes: [...new TextEncoder().encode(token)] };
}

/** Made up, but always the same for a token: from −0.001 to −1. It is always the likeliest of its place. */
function logprob(id: number): number {
  return -(1 + ((Math.imul(id, 0x9e3779b1) >>> 0) % 1000)) / 1000;
}

function others({ text, id }: TokenText, count: number): string[] {
  const from = id % OTHERS.length;
  return [...OTHERS.slice(from), ...OTHERS.slice(0, from)]
    .filter((other) => other !== text)
    .slice(0, Math.max(0, count));
}
