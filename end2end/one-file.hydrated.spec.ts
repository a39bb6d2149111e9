// The binary alone, without the folder in which it was built.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ringside } from "./support/ringside";
import { expect, test } from "./support/test";

const IMMUTABLE = "public, max-age=31536000, immutable";

test("binary that is copied alone into an empty folder serves the page and all of its files", async ({ request }) => {
  const ringside = await Ringside.launchAlone();
  try {
    const page = await (await request.get(ringside.url)).text();
    const named = (extension: string) => page.match(new RegExp(`/pkg/ringside\\.[\\w-]{22}\\.${extension}`))?.[0] ?? "";
    for (const [extension, type] of [
      ["css", "text/css"],
      ["js", "text/javascript"],
      ["wasm", "application/wasm"],
    ] as const) {
      for (const encoding of ["br", "gzip", "identity"]) {
        const response = await request.get(ringside.url + named(extension), { headers: { "accept-encoding": encoding } });
        expect(response.status()).toBe(200);
        const headers = response.headers();
        expect(headers["content-type"]).toBe(type);
        expect(headers["content-encoding"] ?? "identity").toBe(encoding);
        expect(headers["cache-control"]).toBe(IMMUTABLE);
        expect((await response.body()).length).toBeGreaterThan(1000);
      }
    }
    expect((await request.get(`${ringside.url}/favicon.svg`)).headers()["content-type"]).toBe("image/svg+xml");
    expect(await (await request.get(`${ringside.url}/robots.txt`)).text()).toContain("User-agent");
  } finally {
    await ringside.dispose();
  }
});

test("page that was open during an upgrade can load a file of the previous build", async ({ request }) => {
  const ringside = await Ringside.launchAlone();
  try {
    // What the previous release left in the data folder.
    const builds = join(ringside.folder, "data/builds");
    const chunk = "the previous composer";
    const index = JSON.parse(await readFile(join(builds, "index.json"), "utf8"));
    const sha256 = createHash("sha256").update(chunk).digest("base64");
    const files = { "split_composer.previous.wasm": { bytes: chunk.length, sha256 } };
    await mkdir(join(builds, "previous"));
    await writeFile(join(builds, "previous/split_composer.previous.wasm"), chunk);
    await writeFile(join(builds, "index.json"), JSON.stringify([{ id: "previous", replaced_at: null, files }, ...index]));
    await ringside.restart();

    const response = await request.get(`${ringside.url}/pkg/split_composer.previous.wasm`);
    expect(await response.text()).toBe(chunk);
    expect(response.headers()["content-type"]).toBe("application/wasm");
    expect(response.headers()["cache-control"]).toBe(IMMUTABLE);
  } finally {
    await ringside.dispose();
  }
});
