import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

/** The kind of a server's database. */
export type DatabaseKind = "sqlite" | "postgres";

/** Runs a statement on an SQLite file, which a server may have open. */
export async function executeSqlite(file: string, sql: string): Promise<void> {
  // Node.js has SQLite only since version 22. Python is required for the fuzz tests anyway.
  const script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=30) as database: database.execute(sys.argv[2])";
  await promisify(execFile)("python3", ["-c", script, file, sql]);
}

/** A database on the PostgreSQL server that `scripts/with-postgres` started. */
export class PostgresDatabase {
  private constructor(
    private readonly server: string,
    private readonly name: string,
  ) {}

  /** Creates an empty database. */
  static async create(): Promise<PostgresDatabase> {
    const server = process.env.RINGSIDE_TEST_POSTGRES;
    if (!server) throw new Error("there is no PostgreSQL server: run 'make browser-tests', or 'scripts/with-postgres' before the command");
    const database = new PostgresDatabase(server, `browser_${randomUUID().replaceAll("-", "")}`);
    await database.execute(`CREATE DATABASE ${database.name}`);
    return database;
  }

  /** The URL for `RINGSIDE_DATABASE_URL`. */
  get url(): string {
    return this.server.replace("/postgres?", `/${this.name}?`);
  }

  /** Closes all connections to the database, including those that listen for notifications. */
  async closeConnections(): Promise<void> {
    await this.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${this.name}'`);
  }

  /** Drops the database, even if it has connections. */
  async drop(): Promise<void> {
    await this.execute(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }

  /** Runs a statement. */
  async execute(sql: string): Promise<void> {
    await promisify(execFile)("psql", [this.server, "--no-psqlrc", "-qAt", "-c", sql]);
  }
}
