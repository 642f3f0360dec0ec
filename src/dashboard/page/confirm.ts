import { part, setText } from "./element.js";

/** Asks before something is done. The focus goes back to where it was. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  const dialog = part<HTMLDialogElement>("confirm");
  setText(part("confirm-title"), title);
  setText(part("confirm-text"), text);
  setText(part("confirm-yes"), yes);
  dialog.returnValue = "";
  part("confirm-yes").onclick = () => dialog.close("yes");
  part("confirm-no").onclick = () => dialog.close();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
