import { createCluster, IDS } from "./cluster.js";
import { badge, element } from "./element.js";
import { ReplicasView } from "./replicas-view.js";
import { suggestions } from "./suggestions.js";
import { TreeView } from "./tree-view.js";

const find = (selector) => document.querySelector(selector);
const prompt = find("#prompt");
const log = find("#log");
const replicasView = new ReplicasView(find("#replicas"), IDS);
const treeView = new TreeView(find("#tree"), beginWith);
let cluster;
let sent = 0;
/** The replica that got the last request. */
let chosen = null;

start();
for (const suggestion of suggestions) {
  const button = element("button", { type: "button", textContent: suggestion.label });
  button.addEventListener("click", () => {
    button.classList.add("used");
    send(suggestion.prompt);
  });
  find("#suggestions").append(element("li", {}, [button, element("span", { textContent: ` ${suggestion.why}` })]));
}
find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (prompt.value !== "") send(prompt.value);
});
find("form").addEventListener("reset", start);
prompt.addEventListener("input", preview);
prompt.addEventListener("keydown", (event) => {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("form").requestSubmit();
});

function start() {
  cluster?.close();
  cluster = createCluster();
  sent = 0;
  chosen = null;
  prompt.value = "";
  log.replaceChildren(element("li", { className: "empty", textContent: "Nothing yet. Send a prompt." }));
  for (const used of document.querySelectorAll(".used")) used.classList.remove("used");
  replicasView.show(cluster, chosen);
  treeView.show(cluster.router.tree);
  preview();
}

function beginWith(text) {
  prompt.value = text;
  prompt.focus();
  preview();
}

/** As the prompt is typed: how much of it the tree knows already. Asking changes nothing in the tree. */
function preview() {
  const text = prompt.value;
  const { matchedText, matchedTenants } = cluster.router.tree.prefixMatch(text);
  const owners = matchedText === "" ? [] : matchedTenants;
  find("#known").replaceChildren(
    ...owners.map(badge),
    text === ""
      ? "As you type, what a replica has been sent already is marked."
      : owners.length === 0
        ? "No replica has been sent this beginning."
        : `${owners.length === 1 ? "has" : "have"} been sent the marked part:`,
  );
  find("#preview").replaceChildren(element("mark", { textContent: matchedText }), text.slice(matchedText.length));
}

async function send(text) {
  const own = cluster;
  const { decision, answered } = own.send(text);
  chosen = decision.replica;
  const outcome = element("span", { className: "outcome", textContent: "Computing …" });
  log.querySelector(".empty")?.remove();
  log.prepend(element("li", { value: ++sent }, [badge(chosen), ` ${because(decision)} `, outcome]));
  while (log.children.length > 12) log.lastElementChild.remove();
  treeView.show(own.router.tree, text, chosen);
  prompt.value = "";
  preview();
  const watching = setInterval(() => own === cluster && replicasView.show(own, chosen), 50);
  try {
    const { text: answer, ttftMs, promptTokens, cachedTokens } = await answered;
    const more = element("button", { type: "button", textContent: "Continue" });
    more.ariaLabel = "Continue: prompt and answer become the beginning of the next prompt";
    more.addEventListener("click", () => beginWith(`${text}${answer}\n`));
    outcome.replaceChildren(
      `First token after ${Math.round(ttftMs)} ms: ${cachedTokens} of ${promptTokens} prompt tokens were cached. `,
      more,
    );
  } catch (error) {
    outcome.textContent = error.message;
  } finally {
    clearInterval(watching);
  }
  if (own === cluster) replicasView.show(own, chosen);
}

function because({ reason, matchedChars, textChars, matchRate }) {
  const share = `${matchedChars} of ${textChars} characters (${Math.round(100 * matchRate)} %)`;
  switch (reason) {
    case "prefix_match":
      return `has the longest matching prefix: ${share}.`;
    case "smallest_tenant":
      return `has been sent the least text so far; only ${share} match anywhere.`;
    default:
      return `was chosen by load (${reason}).`;
  }
}
