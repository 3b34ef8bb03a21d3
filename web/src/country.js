/** The page of a country: its chart read by keyboard, pointer and touch, and countries added to it. */

import { addable } from "./add_countries.js";
import { ranged } from "./range.js";
import { readable } from "./readout.js";

const plot = document.querySelector(".plot");
const table = /** @type {HTMLTableElement | null} */ (document.querySelector(".periods"));
if (plot && table) readable(plot, table);

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.add"));
if (form) addable(form);

const range = /** @type {HTMLFormElement | null} */ (document.querySelector("form.range"));
if (range) ranged(range);
