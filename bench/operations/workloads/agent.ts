import type { Random } from "../../../src/random/index.js";
import { ASSISTANT_BEGINS, chatTurn } from "../../../src/workloads/index.js";
import type { Conversation } from "./index.js";
import type { Writer } from "./writer.js";

const AGENTS = 3;
const TOOLS = ["read_file", "search_files", "run_command", "get_user_details", "list_reservations", "update_record"];

/**
 * Three agents, each with rules and tools that all its conversations begin with. A task is 6 to 30 steps; every step is a
 * request, and what it adds is a call of a tool and the result: a file, a table of records or a line, mostly short.
 */
export function* agentConversations(random: Random, writer: Writer): Generator<Conversation> {
  const systems = Array.from({ length: AGENTS }, () => chatTurn("system", writer.prose(4000, 6000) + toolList(writer)));
  for (;;) {
    let text = systems[random.below(AGENTS)]! + chatTurn("user", writer.prose(100, 1500));
    const requests: Conversation = [];
    for (let steps = 6 + random.below(25); steps > 0; steps--) {
      requests.push(text + ASSISTANT_BEGINS);
      const tool = TOOLS[random.below(TOOLS.length)]!;
      text += chatTurn("assistant", writer.prose(0, 200) + callOf(tool, random, writer));
      text += chatTurn("tool", resultOf(tool, random, writer));
    }
    yield requests;
  }
}

function toolList(writer: Writer): string {
  const tools = TOOLS.map((name) => ({
    type: "function",
    function: {
      name,
      description: writer.prose(60, 300),
      parameters: { type: "object", properties: { target: { type: "string", description: writer.prose(30, 90) } } },
    },
  }));
  return `\n\n# Tools\n${JSON.stringify(tools)}`;
}

function callOf(tool: string, random: Random, writer: Writer): string {
  return `\n${JSON.stringify({ name: tool, arguments: { target: `src/${random.below(500)}.ts`, why: writer.prose(0, 120) } })}`;
}

function resultOf(tool: string, random: Random, writer: Writer): string {
  // The square makes short results common and long ones rare.
  const share = random.float();
  const length = 60 + share * share * 4000;
  if (tool === "run_command" || tool === "update_record") return `exit code 0\n${writer.prose(0, length / 4)}`;
  let text = "";
  if (tool === "read_file" || tool === "search_files") {
    for (let line = 1; text.length < length; line++) text += `${line}\t  ${writer.prose(10, 70)};\n`;
    return text;
  }
  const rows: object[] = [];
  for (let size = 0; size < length; size += 110) {
    rows.push({
      id: `R${random.below(1_000_000)}`,
      at: `2026-05-${10 + random.below(20)}`,
      note: writer.prose(20, 90),
    });
  }
  return JSON.stringify(rows);
}
