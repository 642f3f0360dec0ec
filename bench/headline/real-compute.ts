import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sweep } from "../serving/sweep/sweep.js";
import { about } from "./about.js";
import { figuresOf } from "./figures.js";
import { RATIO_NOTE, strategiesTable } from "./tables.js";

const CONFIG = fileURLToPath(new URL("real-compute.yaml", import.meta.url));
const SOURCE = "bbh_shared_prefix_prompts.jsonl";
/** Cut, so that a run of cold prompts takes a busy machine's core a minute: a character is a token here. */
const CUT = { tasks: 8, prefixChars: 1500, questionChars: 300 };
const GENERATED = {
  dataset_name: "generated-shared-prefix",
  gsp_num_groups: CUT.tasks,
  gsp_prompts_per_group: 8,
  gsp_system_prompt_len: CUT.prefixChars / 4,
  gsp_question_len: CUT.questionChars / 4,
  gsp_output_len: 8,
};

/**
 * The two policies over replicas that compute, A B B A A B: few-shot prompts of BIG-Bench Hard where `WARMROUTE_DATA` has them, generated
 * ones otherwise. @returns the exit code.
 */
export async function realCompute(out: string, command: string): Promise<number> {
  const dataset = cutDataset(process.env.WARMROUTE_DATA || "data");
  const folder = join(out, "real-compute");
  rmSync(folder, { recursive: true, force: true });
  const overrides = dataset === null ? GENERATED : { dataset_name: "bbh", dataset_path: dataset };
  const note = about(command);
  const code = await sweep(CONFIG, { out: folder, virtual: false, fresh: true, overrides, command });
  rmSync(join(folder, "logs"), { recursive: true, force: true });
  if (code !== 0) return code;
  const name = dataset === null ? GENERATED.dataset_name : "bbh";
  const strategies = figuresOf(join(folder, "csv_results", `serve_${name}_sweep_results.csv`));
  const about_ = {
    ...note,
    simulated: false,
    servers:
      "4 llama.cpp replicas of random weights (8.5 million), one CPU thread and 2 KV caches each, behind warmroute's gateway",
    dataset:
      dataset === null
        ? "generated: 8 shared beginnings of 375 tokens, 8 questions after each"
        : `BIG-Bench Hard, ${CUT.tasks} tasks: few-shot prefixes cut to ${CUT.prefixChars} characters, questions to ${CUT.questionChars}`,
  };
  writeFileSync(join(out, "real-compute.json"), `${JSON.stringify({ ...about_, strategies }, null, 2)}\n`);
  const text = `# The headline on real compute

${about_.servers}. ${about_.dataset}; 64 prompts, 8 at a time. Every run on servers started afresh, in the order A B B A A B.
${note.machine}, ${note.node}, ${note.date}; load of the machine ${note.load}.

${strategiesTable(strategies, false)}

${RATIO_NOTE} cached: prompt tokens that the answers' \`usage\` says were in a KV cache.

\`${command}\`
`;
  writeFileSync(join(out, "real-compute.md"), text);
  process.stdout.write(text);
  return 0;
}

/** Writes the file's first tasks with shorter texts into ./data, which git ignores. @returns its path; null where there is no file. */
function cutDataset(folder: string): string | null {
  const source = join(folder, SOURCE);
  if (!existsSync(source)) return null;
  const [first, ...lines] = readFileSync(source, "utf8").trim().split("\n");
  const head = JSON.parse(first!) as { canary: string; prefixes: Record<string, string> };
  const tasks = Object.entries(head.prefixes)
    .filter(([, text]) => text.length >= CUT.prefixChars)
    .slice(0, CUT.tasks);
  const prefixes = Object.fromEntries(tasks.map(([task, text]) => [task, text.slice(0, CUT.prefixChars)]));
  const entries = lines
    .map((line) => JSON.parse(line) as { id: string; prefix: string; prompt: string })
    .filter(({ prefix }) => Object.hasOwn(prefixes, prefix))
    .map((entry) => ({ ...entry, prompt: entry.prompt.slice(-CUT.questionChars) }));
  mkdirSync("data", { recursive: true });
  const path = join("data", "bbh_cut.jsonl");
  writeFileSync(path, [{ ...head, prefixes }, ...entries].map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return path;
}
