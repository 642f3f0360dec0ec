import type { Conversation } from "./index.js";

/**
 * Conversations that go on at a time. Few, so that a hundred texts have as many turns as 40,000; a prime, so that tenants who take turns
 * get the turns of a conversation in turn.
 */
const IN_FLIGHT = 13;

/** The conversations' texts, each conversation's in their order; one that has ended makes place for the next. */
export function* interleave(conversations: Iterable<Conversation>): Generator<string> {
  const coming = conversations[Symbol.iterator]();
  const active: { texts: Conversation; next: number }[] = [];
  const begin = () => {
    for (let each = coming.next(); !each.done; each = coming.next()) {
      if (each.value.length === 0) continue;
      active.push({ texts: each.value, next: 0 });
      return;
    }
  };
  for (let i = 0; i < IN_FLIGHT; i++) begin();
  let taken = 0;
  while (taken < active.length) {
    const conversation = active[taken++]!;
    yield conversation.texts[conversation.next++]!;
    if (conversation.next < conversation.texts.length) active.push(conversation);
    else begin();
    if (taken < 2 * IN_FLIGHT) continue;
    active.splice(0, taken);
    taken = 0;
  }
}
