/** Build what the pages load: `node build.js [directory]`. Each file stands there for a browser, and packed for the wire. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { countries } from "./geometry/geometry.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = process.argv[2] ?? here("../api/site/static/site/built");

mkdirSync(target, { recursive: true });
const { metafile } = await bundle();
writeFileSync(join(target, "licences.txt"), licences([...Object.keys(metafile.inputs), "node_modules/world-atlas/"]));
const { topology, points, small } = countries({
  atlas: here("node_modules/world-atlas/countries-50m.json"),
  codes: here("../countries/data/countries.csv"),
});
writeFileSync(join(target, "countries.json"), JSON.stringify({ ...topology, points, small }));
for (const name of ["map.js", "map.css", "country.js", "countries.json"]) pack(join(target, name));

function bundle() {
  return build({
    entryPoints: [here("src/map.js"), here("src/map.css"), here("src/country.js")],
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    metafile: true,
    banner: { js: "/* With parts of others: licences.txt, beside this file */" },
    logLevel: "warning",
  });
}

/** The licences of the packages that these files are in, as they ask for it. */
function licences(files) {
  const names = files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean);
  const texts = [...new Set(names)].sort().map((name) => {
    const file = here(`node_modules/${name}/LICENSE`);
    if (!existsSync(file)) throw new Error(`${name} has no licence to go with it`);
    return `${name}\n\n${readFileSync(file, "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function pack(file) {
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
}
