// OpenAI's own client over several replicas: the router is its `fetch`, so there is no gateway to run and no hop to pay for.
import OpenAI from "openai";
import { createFetch, Router } from "warmroute";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";

const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
});

const client = new OpenAI({
  baseURL: "http://replicas/v1", // nobody is called so: each request goes to the replica that is chosen for it
  apiKey: "none",
  fetch: createFetch(router),
});

const topics = ["Waves of the sea", "The night sky", "Old trees"];
const questions = ["What is it like?", "Why?", "Tell me more.", "And then?"];
const chats = topics.map((topic) => [
  {
    role: "system",
    content: `${topic}: you speak of it to people who have never seen it. ${"Be kind and exact. ".repeat(20)}`,
  },
]);

for (const question of questions) {
  // All chats at once: their turns interleave, and each still finds its own replica again.
  await Promise.all(chats.map((messages, i) => ask(topics[i], messages, question)));
}
console.log(
  `characters sent to each: ${[...router.tree.tenantToCharCount].map(([id, chars]) => `${id} ${chars}`).join(", ")}`,
);

async function ask(topic, messages, question) {
  messages.push({ role: "user", content: question });
  const stream = await client.chat.completions.create({
    model: "Qwen/Qwen2.5-1.5B-Instruct",
    messages,
    max_tokens: 40,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  messages.push({ role: "assistant", content: text });
  const { prompt_tokens, prompt_tokens_details } = usage;
  console.log(`${topic}: ${prompt_tokens_details.cached_tokens} of ${prompt_tokens} prompt tokens were cached`);
}
