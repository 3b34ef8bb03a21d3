/** The box with which a reader takes something away: copies, shares, and saves pictures. README.md says what it contains. */

import { mapPicture } from "./picture.js";
import { pngOf, save, svgFile } from "./image_file.js";

/** How long it says that something was copied, in milliseconds. */
const SAID = 3_000;

// The style sheet shows the buttons only now, because without this script they do nothing.
document.documentElement.classList.add("scripted");
if ("share" in navigator) document.documentElement.classList.add("shares");

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button instanceof HTMLButtonElement) press(button);
});

function press(button) {
  const { copy, share, png, picture } = button.dataset;
  if (copy) copyText(copy, button);
  else if (share) shareAddress(share);
  else if (png) whileBusy(button, () => saveChart(png));
  else if (picture) whileBusy(button, () => saveMap(picture, button.dataset.name));
}

async function copyText(id, button) {
  const source = document.getElementById(id);
  if (!source) return;
  // The words are selected too, so that a reader sees what was copied.
  getSelection()?.selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Pages without TLS have no clipboard; then the browser copies the selection.
    document.execCommand("copy");
  }
  say(button);
}

/** Says that it is done on the button, and to screen readers. */
function say(button) {
  const status = button.closest("details, main")?.querySelector("[data-said]");
  if (!status || status.textContent) return;
  const label = button.textContent;
  status.textContent = button.textContent = status.dataset.said;
  setTimeout(() => {
    status.replaceChildren();
    button.textContent = label;
  }, SAID);
}

async function shareAddress(id) {
  const url = document.getElementById(id)?.textContent;
  try {
    await navigator.share({ title: document.title, url });
  } catch {
    // The reader has changed their mind.
  }
}

/** @param {string} id of the link to the chart as SVG */
async function saveChart(id) {
  const file = document.getElementById(id);
  if (!(file instanceof HTMLAnchorElement)) return;
  try {
    const answer = await fetch(file.href);
    save(await pngOf(await answer.text()), file.download.replace(/svg$/, "png"));
  } catch {
    // If the browser cannot draw it, the reader gets the SVG.
    file.click();
  }
}

async function saveMap(kind, name) {
  const picture = mapPicture();
  try {
    save(kind === "png" ? await pngOf(picture) : svgFile(picture), `${name}.${kind}`);
  } catch {
    save(svgFile(picture), `${name}.svg`);
  }
}

async function whileBusy(button, work) {
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}
