/** The page of a country: its chart read by keyboard, pointer and touch, and countries added to it. */

import { addCountrySearch } from "./add_countries.js";
import { addSlider } from "./range.js";
import { addReadout } from "./readout.js";

const plot = document.querySelector(".plot");
const table = /** @type {HTMLTableElement | null} */ (document.querySelector(".periods"));
if (plot && table) addReadout(plot, table);

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.add"));
if (form) addCountrySearch(form);

const range = /** @type {HTMLFormElement | null} */ (document.querySelector("form.range"));
if (range) addSlider(range);
