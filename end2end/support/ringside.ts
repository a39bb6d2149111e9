import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type DatabaseKind, PostgresDatabase, executeSqlite } from "./database";

const project = resolve(__dirname, "../..");
const binary = join(project, "target/release/ringside");

/** Milliseconds. Far more than starting or stopping takes, even on a busy machine. */
const START_LIMIT = 60_000;
const STOP_LIMIT = 30_000;

/** A server from the release binary, with its own port and data folder, which survive restarts. */
export class Ringside {
  /** The server's output since its launch. */
  log = "";
  private process?: ChildProcess;

  private constructor(
    /** The origin, without a slash at the end. */
    readonly url: string,
    /** The data folder (`RINGSIDE_DATA`). */
    readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    /** The PostgreSQL database, unless the server uses SQLite. */
    readonly postgres?: PostgresDatabase,
    private program = binary,
    private readonly workingFolder = project,
  ) {}

  /** Starts a new server without data. `settings` are further `RINGSIDE_*` variables. */
  static async launch(settings: Record<string, string> = {}, database: DatabaseKind = "sqlite"): Promise<Ringside> {
    const postgres = database === "postgres" ? await PostgresDatabase.create() : undefined;
    return Ringside.run(postgres ? { RINGSIDE_DATABASE_URL: postgres.url, ...settings } : settings, postgres);
  }

  /** Starts a new server from a copy of the binary, in a folder without any other file. */
  static async launchAlone(): Promise<Ringside> {
    const folder = await mkdtemp(join(tmpdir(), "ringside-alone-"));
    const program = join(folder, "ringside");
    await copyFile(binary, program);
    return Ringside.run({ RINGSIDE_DATA: join(folder, "data") }, undefined, { program, folder });
  }

  /** Starts another server on the same database. */
  beside(settings: Record<string, string> = {}): Promise<Ringside> {
    const database = this.postgres?.url ?? `sqlite://${join(this.folder, "ringside.db")}`;
    return Ringside.run({ RINGSIDE_DATABASE_URL: database, ...settings });
  }

  private static async run(
    settings: Record<string, string>,
    postgres?: PostgresDatabase,
    alone?: { program: string; folder: string },
  ): Promise<Ringside> {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: run 'make build' first`);
    const folder = alone?.folder ?? (await mkdtemp(join(tmpdir(), "ringside-")));
    const address = `127.0.0.1:${await freePort()}`;
    // Without the settings of the person who runs the tests: they may name a real database.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("RINGSIDE_"));
    const environment = {
      ...Object.fromEntries(inherited),
      RINGSIDE_ADDR: address,
      RINGSIDE_DATA: folder,
      ...settings,
    };
    const ringside = new Ringside(`http://${address}`, folder, environment, postgres, alone?.program, alone?.folder);
    await ringside.start();
    return ringside;
  }

  /** Starts the server and waits until it is ready. */
  async start(): Promise<void> {
    const server = spawn(this.program, ["serve"], { cwd: this.workingFolder, env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    const keepLog = (text: Buffer) => void (this.log += text);
    server.stdout.on("data", keepLog);
    server.stderr.on("data", keepLog);
    server.on("error", (error) => (this.log += error));
    killWithTests(server);
    this.process = server;

    const deadline = Date.now() + START_LIMIT;
    while (!(await this.isReady())) {
      if (!isRunning(server)) throw new Error(`Ringside did not start:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`Ringside is not ready after ${START_LIMIT} ms:\n${this.log}`);
      await delay(20);
    }
  }

  /** Stops the server gracefully, or with `kill` abruptly. */
  async stop({ kill = false } = {}): Promise<void> {
    const server = this.process;
    if (!server || !isRunning(server)) return;
    const exited = once(server, "exit");
    server.kill(kill ? "SIGKILL" : "SIGTERM");
    if ((await Promise.race([exited, delay(STOP_LIMIT, "late", { ref: false })])) === "late") {
      server.kill("SIGKILL");
      throw new Error(`Ringside did not stop within ${STOP_LIMIT} ms:\n${this.log}`);
    }
  }

  /** Restarts the server with the same port and data. */
  async restart({ kill = false } = {}): Promise<void> {
    await this.stop({ kill });
    await this.start();
  }

  /**
   * Replaces the server by one of another build, with the same port and data. The other build
   * differs in the name of its stylesheet. Returns that name before and after.
   */
  async upgrade(): Promise<[before: string, after: string]> {
    const name = /\/pkg\/ringside\.([\w-]{22})\.css/;
    const [, before] = name.exec(await (await fetch(this.url)).text()) ?? [];
    if (!before) throw new Error("the page names no stylesheet");
    const after = (before.startsWith("A") ? "B" : "A") + before.slice(1);
    const bytes = await readFile(this.program);
    // The binary contains the names of its files; this one is in no other file.
    for (let at = bytes.indexOf(before); at >= 0; at = bytes.indexOf(before, at)) bytes.write(after, at);
    this.program = join(this.folder, "ringside-upgraded");
    await writeFile(this.program, bytes, { mode: 0o755 });
    await this.restart();
    return [before, after];
  }

  /** Replaces the server by the original build again. */
  async downgrade(): Promise<void> {
    this.program = binary;
    await this.restart();
  }

  /**
   * Runs a command (`ringside entry create ...`) with the server's settings. Returns its output, or
   * throws an error with `code` and `stderr`.
   */
  async cli(args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(binary, args, { cwd: project, env: this.environment });
    return stdout.trim();
  }

  /**
   * Runs a statement on the database, for states that no request can cause, such as another day.
   */
  async sql(statement: string): Promise<void> {
    await (this.postgres ? this.postgres.execute(statement) : executeSqlite(join(this.folder, "ringside.db"), statement));
  }

  /** Kills the server and removes its data. */
  async dispose(): Promise<void> {
    await this.stop({ kill: true });
    await rm(this.folder, { recursive: true, force: true });
    await this.postgres?.drop();
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }
}

function isRunning(process: ChildProcess): boolean {
  return process.exitCode === null && process.signalCode === null && process.pid !== undefined;
}

/** Kills a process when the test run ends, also if that is interrupted. */
export function killWithTests(child: ChildProcess): void {
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

/**
 * Returns a free port below the ephemeral range, which an outgoing connection can't take during a
 * restart.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const free = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    if (free) {
      probe.close();
      await once(probe, "close");
      return port;
    }
  }
}
