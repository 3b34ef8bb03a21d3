/** Saves pictures. The browser draws them as PNG, because the server has no program for that. */

import { html } from "./svg.js";

/** Sharp enough for the screens of telephones, and for printers. */
const SCALE = 2;
/** Some browsers take a while to read the file that they save. Milliseconds. */
const KEPT = 60_000;

/** @param {Blob} content @param {string} name of the file */
export function save(content, name) {
  const address = URL.createObjectURL(content);
  html("a", { download: name, href: address }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}

/** @param {string} text a picture as SVG */
export function svgFile(text) {
  return new Blob([text], { type: "image/svg+xml" });
}

/** @param {string} text a picture as SVG @returns {Promise<Blob>} the same as PNG, twice as large */
export async function pngOf(text) {
  const image = new Image();
  // The policy of the pages allows no other address of what a script has made.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = html("canvas", { width: SCALE * image.naturalWidth, height: SCALE * image.naturalHeight });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("The browser made no PNG."))), "image/png"));
}
