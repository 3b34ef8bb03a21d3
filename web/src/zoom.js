/** Moves the map by pointer, by two fingers and in steps. A module of its own, loaded after the first picture. */

import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

const CLOSEST = 16;

/** @param {SVGSVGElement} svg @param {(transform: import("./views.js").Transform) => void} moved is called after each move */
export function mover(svg, moved) {
  const moving = /** @type {import("d3-zoom").ZoomBehavior<SVGSVGElement, unknown>} */ (zoom())
    .scaleExtent([1, CLOSEST])
    .filter(mayMove)
    .wheelDelta(wheelStep)
    .on("zoom", ({ transform }) => moved(transform));
  const picture = select(svg).call(moving).on("dblclick.zoom", null);
  return {
    fit(width, height) {
      moving.extent([[0, 0], [width, height]]);
      moving.translateExtent([[-0.5 * width, -0.5 * height], [1.5 * width, 1.5 * height]]);
      picture.call(moving.transform, zoomIdentity);
    },
    by: (factor, place) => picture.call(moving.scaleBy, factor, place),
    to: ([x, y]) => picture.call(moving.translateTo, x, y),
  };
}

/** A wheel or one finger scrolls the page; with Ctrl, or with two fingers, it moves the map. */
function mayMove(event) {
  if (event.type === "wheel") return event.ctrlKey || event.metaKey;
  if (event.type.startsWith("touch")) return event.touches.length > 1;
  return event.button === 0;
}

/** Two fingers on a pad send many small steps, a wheel few large ones. */
function wheelStep({ deltaY, deltaMode }) {
  const pixels = deltaMode === 0 ? deltaY : deltaY * 20;
  return -pixels * (Math.abs(pixels) < 50 ? 0.01 : 0.002);
}
