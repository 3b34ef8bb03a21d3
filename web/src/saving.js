/** The chart's file as a picture of dots: drawn here, as the server keeps no program that could. */

import { html } from "./svg.js";

/** As sharp as the screens of telephones, and printers. */
const SCALE = 2;

/** @param {HTMLAnchorElement} file the link to the chart as SVG; a button comes after it */
export function savable(file) {
  const button = html("button", { type: "button" }, "PNG");
  button.addEventListener("click", () => save(file, button));
  file.parentElement.after(html("li", {}, button));
}

async function save(file, button) {
  button.disabled = true;
  try {
    const picture = await drawn(file.href);
    const link = html("a", { download: file.download.replace(/svg$/, "png"), href: URL.createObjectURL(picture) });
    link.click();
    URL.revokeObjectURL(link.href);
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
