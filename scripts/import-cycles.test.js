// Tests of import-cycles, in a repository of its own.
const assert = require("node:assert");
const { execFileSync, spawnSync } = require("node:child_process");
const { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { test } = require("node:test");

/** Runs the script on a crate with these files, and returns its exit code and messages. */
function run(files) {
  const root = mkdtempSync(join(tmpdir(), "import-cycles-"));
  try {
    execFileSync("git", ["init", "--quiet"], { cwd: root });
    mkdirSync(join(root, "scripts"));
    copyFileSync(join(__dirname, "import-cycles"), join(root, "scripts/import-cycles"));
    for (const [path, source] of Object.entries(files)) {
      const file = join(root, "app/src", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, source);
    }
    const { status, stderr } = spawnSync("node", [join(root, "scripts/import-cycles")], { encoding: "utf8" });
    return { status, stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Asserts that the files of a crate import each other: `pairs` are `file:line imports file`. */
function assertCycle(files, pairs) {
  const { status, stderr } = run(files);
  assert.equal(status, 1);
  for (const pair of pairs) {
    const [from, to] = pair.split(" imports ");
    assert.ok(stderr.includes(`app/src/${from} imports app/src/${to}`), `${pair} is missing in:\n${stderr}`);
  }
}

const assertNone = (files) => assert.deepEqual(run(files), { status: 0, stderr: "" });

test("two files that import each other are reported with their lines", () => {
  assertCycle(
    { "lib.rs": "mod a;\nmod b;", "a.rs": "\nuse crate::b::B;\npub struct A;", "b.rs": "use super::a::A;\npub struct B;" },
    ["a.rs:2 imports b.rs", "b.rs:1 imports a.rs"],
  );
});

test("longer circle is found, through nested braces, aliases and paths in the code", () => {
  assertCycle(
    {
      "lib.rs": "mod a; mod b; mod c;",
      "a.rs": "use crate::{std, b::{self as other, B}};\npub fn a() {}",
      "b/mod.rs": "pub struct B;\nfn f() { crate::c::c() }",
      "c.rs": "pub fn c() { super::a::a() }",
    },
    ["a.rs:1 imports b/mod.rs", "b/mod.rs:2 imports c.rs", "c.rs:1 imports a.rs"],
  );
});

test("item is imported from the file that defines it, not from those that re-export it", () => {
  const folder = { "lib.rs": "mod a;\npub use a::{one::One, *};", "a/mod.rs": "pub mod one;\nmod two;\npub use two::*;", "a/one.rs": "pub struct One;" };
  assertNone({ ...folder, "a/two.rs": "use crate::One;\npub struct Two;" });
  assertCycle({ ...folder, "a/one.rs": "use crate::Two;\npub struct One;", "a/two.rs": "use crate::One;\npub struct Two;" }, [
    "a/one.rs:1 imports a/two.rs",
    "a/two.rs:1 imports a/one.rs",
  ]);
});

test("submodule that imports from its parent, which uses it, is a circle", () => {
  assertCycle({ "lib.rs": "mod a;", "a.rs": "mod b;\nuse b::B;\npub struct A(B);", "a/b.rs": "use super::A;\npub struct B;" }, [
    "a.rs:2 imports a/b.rs",
    "a/b.rs:1 imports a.rs",
  ]);
});

test("tests, comments and literals import nothing", () => {
  assertNone({
    "lib.rs": "mod a; mod b;",
    "a.rs": "pub struct A; // crate::b::B\nconst T: &str = \"crate::b::B\";\n#[cfg(test)]\nmod tests { use crate::b::B; }",
    "b.rs": "use crate::a::A;\npub struct B;",
    "a/tests.rs": "use crate::b::B;",
  });
});
