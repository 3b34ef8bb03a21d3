/**
 * Builds the files that the pages load: `node build.js [directory]`. Each file is there plain and compressed, under a
 * name that changes with its content; files.json lists the names. Files of the build before, and files of the last day, stay for
 * running servers and their pages.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { countries } from "./geometry/geometry.js";
import { drawn } from "./geometry/views.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = process.argv[2] ?? here("../api/site/static/site/built");
const LIST = "files.json";
const DAY = 86_400_000;
/** Files that make and this build keep beside the built ones. */
const OTHERS = [LIST, "licences.txt", ".done"];

mkdirSync(target, { recursive: true });
const before = existsSync(join(target, LIST)) ? Object.values(JSON.parse(readFileSync(join(target, LIST), "utf8"))) : [];
const { files, inputs } = await bundled();
files.push(...pictures());
for (const { name, content } of files) putPacked(name, content);
put("licences.txt", licences([...inputs, "node_modules/world-atlas/"]));
// Last, because browsers request the files of this list.
put(LIST, `${JSON.stringify(Object.fromEntries(files.map(({ of, name }) => [of, name])), null, 1)}\n`);
tidy([...before, ...files.map(({ name }) => name)]);

async function bundled() {
  const { metafile, outputFiles } = await build({
    entryPoints: ["src/map.js", "src/zoom.js", "src/live.js", "src/country.js", "src/offer.js", "src/share.js", "src/map.css", "../api/site/static/site/site.css", "../api/site/static/site/trend.css", "../api/site/static/site/method.css", "../api/site/static/site/effects.css"].map(here),
    entryNames: "[name]",
    outdir: target,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    metafile: true,
    banner: { js: "/* With parts of others: licences.txt, beside this file */" },
    logLevel: "warning",
  });
  return { files: outputFiles.map(({ path, contents }) => named(basename(path), contents)), inputs: Object.keys(metafile.inputs) };
}

/** The views of the map: Europe first, and the world if a reader asks for it. */
function pictures() {
  const given = countries({
    atlas: here("node_modules/world-atlas/countries-50m.json"),
    codes: here("../agency/src/p2p_core/data/countries.csv"),
  });
  const views = /** @type {const} */ (["europe", "world"]);
  return views.map((view) => named(`${view}.json`, Buffer.from(JSON.stringify(drawn(view, given)))));
}

function named(of, content) {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return { of, name: `${basename(of, extname(of))}-${digest}${extname(of)}`, content };
}

/** The licences of the packages whose code is in these files: the licences require it. */
function licences(paths) {
  const names = paths.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean);
  const texts = [...new Set(names)].sort().map((name) => {
    const file = here(`node_modules/${name}/LICENSE`);
    if (!existsSync(file)) throw new Error(`${name} has no licence to go with it`);
    return `${name}\n\n${readFileSync(file, "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function putPacked(name, content) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  put(`${name}.br`, brotliCompressSync(content, { params }));
  put(`${name}.gz`, gzipSync(content, { level: 9 }));
  put(name, content);
}

/** Writes a file whole or not at all, because a server may be reading it. */
function put(name, content) {
  writeFileSync(join(target, `${name}.part`), content);
  renameSync(join(target, `${name}.part`), join(target, name));
}

function tidy(names) {
  const kept = new Set([...OTHERS, ...names.flatMap((name) => [name, `${name}.br`, `${name}.gz`])]);
  for (const name of readdirSync(target)) if (!kept.has(name) && !isOfToday(name)) rmSync(join(target, name));
}

function isOfToday(name) {
  return Date.now() - statSync(join(target, name)).mtimeMs < DAY;
}
