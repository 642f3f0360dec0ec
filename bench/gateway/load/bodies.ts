const MESSAGES = 20;
const CHARACTERS = 7000;
const WORDS =
  "the answer depends on how much of a prompt the replica has seen before and whether it still holds the keys and values of it when the next turn of the same chat arrives there".split(
    " ",
  );

/** Chats of 7,000 characters in 20 messages, each with a first message of its own. `fields` are added to the body. */
export function chatBodies(count: number, fields: Readonly<Record<string, unknown>>): Buffer[] {
  return Array.from({ length: count }, (_, chat) => {
    const messages = Array.from({ length: MESSAGES }, (_, i) => ({
      role: i === 0 ? "system" : i % 2 === 1 ? "user" : "assistant",
      content: sentence(`Chat ${chat}, message ${i}:`, chat + i, CHARACTERS / MESSAGES),
    }));
    return Buffer.from(JSON.stringify({ model: "bench", messages, ...fields }));
  });
}

function sentence(start: string, from: number, length: number): string {
  let text = start;
  for (let i = from; text.length < length; i++) text += ` ${WORDS[(i * 7) % WORDS.length]}`;
  return text.slice(0, length);
}
