import type { RouteRequest } from "../../../src/index.js";
import type { Random } from "../../../src/random/index.js";
import { randomText } from "./texts.js";

const CONVERSATIONS = 120;
const SYSTEM_PROMPTS = 4;
const MOST_TURNS = 8;

interface Conversation {
  readonly model: string;
  readonly system: string;
  readonly turns: string[];
}

/** Requests of many conversations under way at once, in every form in which a body can be given. */
export class Conversations {
  readonly #random: Random;
  readonly #systems: string[];
  readonly #open: Conversation[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.#systems = Array.from({ length: SYSTEM_PROMPTS }, () => randomText(random, 60));
  }

  /** The next turn of one of them, with all that was said before; some say which session they are. */
  next(): { request: RouteRequest; session: string | null } {
    const number = this.#random.below(CONVERSATIONS);
    return { request: this.#turn(number), session: number % 3 === 0 ? `session-${number}` : null };
  }

  #turn(number: number): RouteRequest {
    const { model, system, turns } = this.#opened(number);
    turns.push(randomText(this.#random, 1 + this.#random.below(30)));
    const messages = turns.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
    switch (number % 5) {
      case 0:
        return { text: [system, ...turns].join("") };
      case 1:
        return { model, prompt: [system, ...turns].join("\n"), cache_salt: `salt-${number % 3}` };
      case 2:
        return { model, prompt: Array.from(system + turns.join(""), (character) => character.codePointAt(0)!) };
      case 3:
        return { model, messages: [{ role: "system", content: [{ type: "text", text: system }] }, ...messages] };
      default:
        return { model, messages: [{ role: "system", content: system }, ...messages], user: `user-${number}` };
    }
  }

  #opened(number: number): Conversation {
    const open = this.#open[number];
    if (open !== undefined && open.turns.length < MOST_TURNS) return open;
    const system = this.#systems[this.#random.below(SYSTEM_PROMPTS)]!;
    const begun = { model: `model-${this.#random.below(2)}`, system, turns: [] };
    this.#open[number] = begun;
    return begun;
  }
}
