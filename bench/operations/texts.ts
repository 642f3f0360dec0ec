/** Multi-turn chats made from a seed: a few shared system prompts, turns that grow a conversation, one text a turn. */
export function chatTexts(count: number, seed: number): string[] {
  const random = generator(seed);
  const prompts = Array.from({ length: 4 }, () => sentence(random, 1500 + random() * 1500));
  const texts: string[] = [];
  while (texts.length < count) {
    let text = `<|system|>${prompts[Math.floor(random() * prompts.length)]}`;
    const turns = 4 + Math.floor(random() * 8);
    for (let turn = 0; turn < turns && texts.length < count; turn++) {
      text += `<|user|>${sentence(random, 100 + random() * 700)}`;
      texts.push(text);
      text += `<|assistant|>${sentence(random, 300 + random() * 900)}`;
    }
  }
  return shuffle(texts, random);
}

const WORDS =
  "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number way could people than first water been call who oil its now find long down day did get come made may part".split(
    " ",
  );

function sentence(random: () => number, length: number): string {
  let text = "";
  while (text.length < length) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return text;
}

/** Turns of different conversations come mixed, as they reach a router, but each conversation's in their order. */
function shuffle(texts: string[], random: () => number): string[] {
  const keys = texts.map((text, i) => ({ text, at: i + Math.floor(random() * 200) }));
  return keys.sort((a, b) => a.at - b.at || a.text.length - b.text.length).map(({ text }) => text);
}

/** A 32-bit linear congruential generator (Numerical Recipes' constants): enough to make texts. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
