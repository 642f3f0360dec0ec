import { generator } from "./generator.js";

/** What the words of the texts are made of: all ASCII, or Chinese with an emoji (two UTF-16 units) now and then. */
export type Alphabet = "ascii" | "cjk";

/**
 * Multi-turn chats made from a seed: four shared system prompts, turns that grow a conversation, one text a turn. Each call
 * makes strings of their own, in one piece each, as parsing a request's body does.
 */
export function chatTexts(count: number, seed: number, alphabet: Alphabet = "ascii"): string[] {
  const random = generator(seed);
  const words = alphabet === "ascii" ? ENGLISH : CHINESE;
  const prompts = Array.from({ length: 4 }, () => sentence(random, words, 1500 + random() * 1500));
  const texts: string[] = [];
  while (texts.length < count) {
    let text = `<|system|>${prompts[Math.floor(random() * prompts.length)]}`;
    const turns = 4 + Math.floor(random() * 8);
    for (let turn = 0; turn < turns && texts.length < count; turn++) {
      text += `<|user|>${sentence(random, words, 100 + random() * 700)}`;
      texts.push(text);
      text += `<|assistant|>${sentence(random, words, 300 + random() * 900)}`;
    }
  }
  return mixed(texts, random).map((text) => JSON.parse(JSON.stringify(text)) as string);
}

const ENGLISH = (
  "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not " +
  "what all were we when your can said there use an each which she do how their if will up other about out many then " +
  "them these so some her would make like him into time has look two more write go see number way could people than " +
  "first water been call who oil its now find long down day did get come made may part"
)
  .split(" ")
  .map((word) => `${word} `);

const CHINESE =
  "的 一 是 不 了 在 人 有 我 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你 地 出 道 也 时 年 得 就 那 要 下 😀 🚀".split(
    " ",
  );

function sentence(random: () => number, words: readonly string[], length: number): string {
  let text = "";
  while (text.length < length) text += words[Math.floor(random() * words.length)];
  return text;
}

/** Turns of different conversations come mixed, as they reach a router, but each conversation's in their order. */
function mixed(texts: string[], random: () => number): string[] {
  const keys = texts.map((text, i) => ({ text, at: i + Math.floor(random() * 200) }));
  return keys.sort((a, b) => a.at - b.at || a.text.length - b.text.length).map(({ text }) => text);
}
