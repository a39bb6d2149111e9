// node --test scripts/
const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { test } = require("node:test");
const { brotliDecompressSync } = require("node:zlib");

const [JS, WASM, CSS, LOADER, CHUNK, MANIFEST] = ["j", "w", "c", "l", "k", "m"].map((letter) => letter.repeat(22));

/** A wasm file that imports these functions, with a text in a custom section. */
function wasm(text, imports) {
  const name = (name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
  const entries = imports.map((it) => Buffer.concat([name("env"), name(it), Buffer.from([0, 0])]));
  const section = (id, bytes) => {
    const length = [(bytes.length & 127) | 128, bytes.length >> 7];
    return Buffer.concat([Buffer.from([id, ...length]), bytes]);
  };
  const header = Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]);
  const types = Buffer.from([1, 4, 1, 96, 0, 0]);
  const list = section(2, Buffer.concat([Buffer.from([imports.length]), ...entries]));
  return Buffer.concat([header, types, list, section(0, Buffer.concat([name("text"), Buffer.from(text)]))]);
}

/** The names of the functions that a wasm file imports. */
const importsOf = (bytes) => WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(({ name }) => name);

/**
 * Creates a build like cargo-leptos: the main script and the loader name each other, and the wasm
 * file names the loader.
 */
function build(t, { chunk = "chunk", shared = "b, a, ", loader = LOADER, imports = [] } = {}) {
  const target = mkdtempSync(join(tmpdir(), "name-by-content-"));
  t.after(() => rmSync(target, { recursive: true }));
  const pkg = join(target, "site", "pkg");
  mkdirSync(pkg, { recursive: true });
  mkdirSync(join(target, "release"));
  const files = {
    [`ringside.${JS}.js`]: `import * as split from "./__wasm_split.${loader}.js";${imports.join()}`,
    [`ringside.${WASM}.wasm`]: wasm(`./__wasm_split.${loader}.js`, imports),
    [`ringside.${CSS}.css`]: "body {}",
    [`__wasm_split.${loader}.js`]:
      `import { initSync } from "./ringside.${JS}.js";\nconst { ${shared}} = initSync(undefined, undefined);\n` +
      `Object.assign(sharedImports.__wasm_split, { ${shared}});\nfetch(new URL("./composer.${CHUNK}.wasm", import.meta.url));`,
    [`composer.${CHUNK}.wasm`]: wasm(`${chunk} ./__wasm_split.${loader}.js`, imports),
    [`ringside.d.${JS}.ts`]: "export default function init(): void;",
    [`__wasm_split_manifest.${MANIFEST}.json`]: JSON.stringify({ composer: [`composer.${CHUNK}`], another: [] }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(pkg, name), text);
  const hashes = { js: JS, wasm: WASM, css: CSS, manifest: MANIFEST, split: loader };
  writeFileSync(join(target, "release", "hash.txt"), Object.entries(hashes).map(([kind, hash]) => `${kind}: ${hash}\n`).join(""));
  return target;
}

function run(target, ...options) {
  return spawnSync(join(__dirname, "name-by-content"), options, { env: { ...process.env, CARGO_TARGET_DIR: target }, encoding: "utf8" });
}

function named(target) {
  const done = run(target);
  assert.equal(done.status, 0, done.stderr);
  return new Map(readdirSync(join(target, "site", "pkg")).map((name) => [name, readFileSync(join(target, "site", "pkg", name))]));
}

test("each name contains the hash of the file's final bytes", (t) => {
  const target = build(t);
  const before = run(target, "--check");
  assert.equal(before.status, 1);
  const files = named(target);
  assert.equal(run(target, "--check").stderr, "");
  for (const kind of ["css", "json", "wasm"]) {
    const [name, bytes] = [...files].find(([name]) => name.endsWith(`.${kind}`) && !name.startsWith("composer"));
    const hash = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
    assert.ok(name.includes(`.${hash}.`), name);
  }
  for (const [name, bytes] of files) {
    if (name.endsWith(".br")) assert.deepEqual(brotliDecompressSync(bytes), files.get(name.slice(0, -3)), name);
  }
});

test("names in other files and in the hash file refer to existing files", (t) => {
  const target = build(t);
  const files = named(target);
  const texts = [...files].filter(([name]) => !/\.(br|gz)$/.test(name)).map(([, bytes]) => bytes.toString("latin1"));
  const hashes = readFileSync(join(target, "release", "hash.txt"), "utf8");
  for (const old of [JS, WASM, CSS, LOADER, CHUNK, MANIFEST]) assert.ok(![...texts, hashes].some((text) => text.includes(old)));
  for (const [kind, prefix] of [["js", "ringside"], ["wasm", "ringside"], ["css", "ringside"]]) {
    const hash = hashes.match(new RegExp(`^${kind}: (.+)$`, "m"))[1];
    assert.ok(files.has(`${prefix}.${hash}.${kind}`), hashes);
  }
  for (const text of texts) {
    for (const [named] of text.matchAll(/[\w]+\.[\w-]{22}\.(js|wasm)/g)) assert.ok(files.has(named), named);
  }
});

test("a name changes with the bytes of its file", (t) => {
  const [first, second] = [named(build(t)), named(build(t, { chunk: "another chunk" }))];
  for (const [name, bytes] of first) {
    const other = second.get(name);
    if (other !== undefined) assert.deepEqual(other, bytes, name);
  }
  assert.ok([...first.keys()].some((name) => second.has(name)));
  assert.ok([...first.keys()].some((name) => !second.has(name)));
});

test("the same build has the same names, whatever they were at first and in which order lists were written", (t) => {
  const [first, second] = [named(build(t)), named(build(t, { shared: "a, b, ", loader: "x".repeat(22) }))];
  assert.deepEqual([...second], [...first]);
});

test("functions get the same numbers in the script and in wasm, also in a second run", (t) => {
  const names = [
    "__wbg_set_e2b1a0fe9d3cdb44",
    "__wbg_set_body_1fb0f1008bfc7df6",
    "__wbg_new_ee8cb715333f443d",
    "_ZN12wasm_bindgen7convert8closures1_6invoke17h96ede432822d186fE_17",
  ];
  const target = build(t, { imports: names });
  const files = named(target);
  const content = (start, end) => [...files].find(([name]) => name.startsWith(start) && name.endsWith(end))[1];
  const numbered = ["_3", "_2", "_1", "_0"];
  assert.ok(content("ringside.", ".js").includes(numbered.join()));
  assert.deepEqual(importsOf(content("ringside.", ".wasm")), numbered);
  assert.deepEqual(importsOf(content("composer.", ".wasm")), numbered);
  assert.deepEqual([...named(target)], [...files]);
});

test("functions without a hash in their name keep it", (t) => {
  const names = ["__wbindgen_malloc", "__wbindgen_init_externref_table", "__externref_table_alloc", "hydrate"];
  const files = named(build(t, { imports: names }));
  const [, script] = [...files].find(([name]) => name.startsWith("ringside.") && name.endsWith(".js"));
  assert.deepEqual(importsOf([...files].find(([name]) => name.endsWith(".wasm"))[1]), names);
  assert.ok(script.includes(names.join()), script);
});

test("a file whose bytes were changed fails the check", (t) => {
  const target = build(t);
  const [name] = [...named(target).keys()].filter((name) => name.startsWith("composer") && name.endsWith(".wasm"));
  writeFileSync(join(target, "site", "pkg", name), "something else");
  const checked = run(target, "--check");
  assert.equal(checked.status, 1);
  assert.match(checked.stderr, /composer/);
});
