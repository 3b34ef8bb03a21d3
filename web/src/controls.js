/** The form above the map: what is chosen in it is in the address, and the other way round. */

import { addressWith, choiceFrom } from "./address.js";

/**
 * @param {HTMLFormElement | null} form with fields `indicator`, `window`, `day` and `per`, of which any may be missing
 * @param {(choice: import("./address.js").Choice) => void} changed
 */
export function controls(form, changed) {
  if (!form) return;
  form.classList.add("has-script");
  form.addEventListener("change", () => choose(form, changed));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(form, changed);
  });
  window.addEventListener("popstate", () => {
    const choice = choiceOfAddress();
    write(form, choice);
    changed(choice);
  });
  write(form, choiceOfAddress());
}

export function choiceOfAddress() {
  return choiceFrom(new URLSearchParams(location.search));
}

function choose(form, changed) {
  const given = [...new FormData(form)].filter(([, value]) => value);
  const choice = choiceFrom([...Object.entries(choiceOfAddress()), ...pickDay(given)]);
  history.pushState(null, "", addressWith(location.href, choice));
  changed(choice);
}

/** A chosen day without a day yet is the newest that can have one: yesterday. */
function pickDay(given) {
  const { window: chosen, day } = Object.fromEntries(given);
  if (chosen !== "day" || day) return given;
  return [...given, ["day", new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)]];
}

function write(form, choice) {
  for (const [name, value] of Object.entries(choice)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  const day = form.elements.namedItem("day");
  if (day) day.disabled = choice.window !== "day";
}
