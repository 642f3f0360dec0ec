import { Board } from "./board.js";
import { part, setText } from "./element.js";
import { addTheme } from "./theme.js";
import { forgetToken, keepToken, takeToken } from "./token.js";

addTheme();
const board = new Board((end, message) => {
  if (end === "no-admin") show("no-admin");
  else {
    forgetToken();
    signIn(message);
  }
});

part("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = part<HTMLInputElement>("token");
  const token = field.value.trim();
  field.value = "";
  keepToken(token);
  begin(token);
});
part("sign-out").addEventListener("click", () => {
  forgetToken();
  board.stop();
  signIn("");
});
part("look-again").addEventListener("click", () => begin(takeToken()));
// A new address with a token in it, as the terminal prints it, in the same tab.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) begin(takeToken());
});
begin(takeToken());

function begin(token: string): void {
  show("board");
  board.start(token);
}

/** @param problem why the last token was of no use; empty where there was none. */
function signIn(problem: string): void {
  show("sign-in");
  setText(part("token-problem"), problem);
  part("token").focus();
}

function show(id: "board" | "sign-in" | "no-admin"): void {
  for (const each of ["board", "sign-in", "no-admin"] as const) part(each).hidden = each !== id;
  for (const each of ["pause", "sign-out"]) part(each).hidden = id !== "board";
  if (id !== "board") part("model-switch").hidden = true;
}
