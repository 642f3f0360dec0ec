import type { Explained } from "./admin.js";
import type { Colours } from "./colours.js";
import { decisionBody } from "./decisions.js";
import { html, part } from "./element.js";

/** The form that asks what would happen to a request. */
export function addExplain(ask: (body: string) => Promise<Explained>, colours: Colours): void {
  const answer = part("explained");
  part("explain-form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(part<HTMLTextAreaElement>("explain-body").value).then(
      ({ decision, wouldWait, reason, leftAlone }) => {
        const left =
          leftAlone.length === 0 ? null : html("p", { class: "quiet" }, `Left alone now: ${leftAlone.join(", ")}`);
        const told =
          decision === null
            ? [html("p", {}, `It would ${wouldWait ? "wait" : "be refused"}: ${reason ?? ""}`)]
            : decisionBody(decision, colours);
        answer.replaceChildren(...told, ...(left === null ? [] : [left]));
      },
      (error: Error) => answer.replaceChildren(html("p", { class: "problem" }, error.message)),
    );
  });
}
