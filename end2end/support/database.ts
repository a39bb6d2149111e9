import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

/** What a Ringside keeps its data in. */
export type DatabaseKind = "sqlite" | "postgres";

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

  private async tell(sql: string): Promise<void> {
    await promisify(execFile)("psql", [this.server, "--no-psqlrc", "-qAt", "-c", sql]);
  }
}
