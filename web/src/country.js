/** The page of a country: its chart read by keyboard, pointer and touch, and saved as a picture. */

import { readable } from "./reading.js";
import { savable } from "./saving.js";

const plot = document.querySelector(".plot");
const table = document.querySelector(".periods");
if (plot && table) readable(plot, table);

const file = document.querySelector("#chart-file");
if (file) savable(file);
