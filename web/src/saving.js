/** Saves the chart as PNG. The browser draws it, because the server has no program for that. */

import { html } from "./svg.js";

/** Sharp enough for the screens of telephones, and for printers. */
const SCALE = 2;
/** Some browsers take a while to read the file that they save. Milliseconds. */
const KEPT = 60_000;

/** @param {HTMLAnchorElement} file the link to the chart as SVG; a button comes after it */
export function savable(file) {
  const button = html("button", { type: "button" }, "PNG");
  button.addEventListener("click", () => save(file, button));
  file.parentElement.after(html("li", {}, button));
}

async function save(file, button) {
  button.disabled = true;
  try {
    const address = URL.createObjectURL(await drawn(file.href));
    html("a", { download: file.download.replace(/svg$/, "png"), href: address }).click();
    setTimeout(() => URL.revokeObjectURL(address), KEPT);
  } catch {
    // If the browser cannot draw it, the reader gets the SVG.
    file.click();
  } finally {
    button.disabled = false;
  }
}

/** @returns {Promise<Blob>} */
async function drawn(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = html("canvas", { width: SCALE * image.naturalWidth, height: SCALE * image.naturalHeight });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
