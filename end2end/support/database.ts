import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

/** What a Ringside keeps its data in. */
export type DatabaseKind = "sqlite" | "postgres";

/** Runs a statement on an SQLite file, which a server may have open. */
export async function tellSqlite(file: string, sql: string): Promise<void> {
  // Node.js has no SQLite before version 22, and Python is there for the fuzz tests.
  const script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=30) as database: database.execute(sys.argv[2])";
  await promisify(execFile)("python3", ["-c", script, file, sql]);
}

/** A database of its own on the PostgreSQL server that the tests were started beside (`scripts/with-postgres`). */
export class PostgresDatabase {
  private constructor(
    private readonly server: string,
    private readonly name: string,
  ) {}

  /** Makes one, with nothing in it. */
  static async create(): Promise<PostgresDatabase> {
    const server = process.env.RINGSIDE_TEST_POSTGRES;
    if (!server) throw new Error("there is no PostgreSQL server: run 'make browser-tests', or 'scripts/with-postgres' before the command");
    const database = new PostgresDatabase(server, `browser_${randomUUID().replaceAll("-", "")}`);
    await database.tell(`CREATE DATABASE ${database.name}`);
    return database;
  }

  /** Its address, for `RINGSIDE_DATABASE_URL`. */
  get url(): string {
    return this.server.replace("/postgres?", `/${this.name}?`);
  }

  /** Cuts every connection to it: those on which servers listen for each other, and all others. */
  async cutConnections(): Promise<void> {
    await this.tell(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${this.name}'`);
  }

  /** Removes it, whoever is connected. */
  async drop(): Promise<void> {
    await this.tell(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }

  /** Runs a statement. */
  async tell(sql: string): Promise<void> {
    await promisify(execFile)("psql", [this.server, "--no-psqlrc", "-qAt", "-c", sql]);
  }
}
