import { html } from "./element.js";

/** Asks before something is done. The focus goes back to where it was. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  const [no, sure] = [
    html("button", { type: "button" }, "Cancel"),
    html("button", { type: "button", class: "primary" }, yes),
  ];
  // One of its own for each question: the event of its end comes later, when there may be another one.
  const dialog = html(
    "dialog",
    { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
    html("h2", { id: "confirm-title" }, title),
    html("p", { id: "confirm-text" }, text),
    html("div", { class: "controls" }, no, sure),
  );
  sure.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
