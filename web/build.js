/** Build what the pages load: `node build.js [directory]`. Each file stands there for a browser, and packed for the wire. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { countries } from "./geometry/geometry.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = process.argv[2] ?? here("../api/site/static/site/built");

mkdirSync(target, { recursive: true });
await bundle();
const { topology, points, small } = countries({
  atlas: here("node_modules/world-atlas/countries-50m.json"),
  codes: here("../countries/data/countries.csv"),
});
writeFileSync(join(target, "countries.json"), JSON.stringify({ ...topology, points, small }));
for (const name of ["map.js", "map.css", "countries.json"]) pack(join(target, name));

function bundle() {
  return build({
    entryPoints: [here("src/map.js"), here("src/map.css")],
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    legalComments: "inline",
    logLevel: "warning",
  });
}

function pack(file) {
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
}
