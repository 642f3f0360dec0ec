import { part } from "./element.js";

const KEY = "warmroute-theme";

/** The theme's switch. It is remembered for this address. */
export function addTheme(): void {
  const choice = part<HTMLSelectElement>("theme");
  const apply = () => {
    document.documentElement.dataset.theme = choice.value;
  };
  choice.value = localStorage.getItem(KEY) ?? "auto";
  if (choice.value === "") choice.value = "auto";
  apply();
  choice.addEventListener("change", () => {
    localStorage.setItem(KEY, choice.value);
    apply();
  });
}
