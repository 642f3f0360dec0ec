// A conversation and a side question with the Vercel AI SDK: nothing in this file knows that there is more than one server.
import { generateText, streamText } from "ai";
import { warm } from "./provider.js";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";
const model = warm(urls.split(" "))("Qwen/Qwen2.5-1.5B-Instruct");

const system = `You are a patient teacher of physics. ${"Be kind and exact. ".repeat(20)}`;
const messages = [];

for (const question of ["Why is the sky blue?", "And at sunset?", "On Mars too?"]) {
  messages.push({ role: "user", content: question });
  const answer = streamText({ model, system, messages, maxOutputTokens: 40 });
  process.stdout.write(`> ${question}\n`);
  for await (const text of answer.textStream) process.stdout.write(text);
  messages.push(...(await answer.response).messages);
  report(await answer.usage);
}

const aside = await generateText({ model, prompt: "Something else: name a river.", maxOutputTokens: 20 });
process.stdout.write(`> Something else: name a river.\n${aside.text}`);
report(aside.usage);

function report({ inputTokens, inputTokenDetails }) {
  const cached = inputTokenDetails.cacheReadTokens ?? 0;
  process.stdout.write(`\n  (${cached} of ${inputTokens} prompt tokens were cached)\n\n`);
}
