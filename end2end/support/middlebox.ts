import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** What may stand between a reader and Ringside, such as a company's proxy or a router: it passes on what it should, or doesn't. */
export class Middlebox {
  /** Answers to requests for such paths are held back, as by a proxy that waits for the end of what has none. */
  buffers?: RegExp;
  /** Of answers to requests for such paths the first event passes, and what comes behind it is held back. */
  buffersAfterFirstWords?: RegExp;
  /** Of how many of those the first event passed. */
  begun = 0;
  private readonly lines = new Set<Line>();

  private constructor(
    private readonly server: Server,
    /** The origin, without a slash at the end. */
    readonly url: string,
  ) {}

  /** Puts one before the server at `origin`. */
  static async before(origin: string): Promise<Middlebox> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const box = new Middlebox(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("connection", (reader) => box.serve(reader, new URL(origin)));
    return box;
  }

  /** How many streams are open through it. */
  get streams(): number {
    return [...this.lines].filter(isStream).length;
  }

  /**
   * Forgets the streams that are open, as a router does while a machine sleeps: nothing passes, and nobody is told. (A browser
   * throws its idle connections away when it wakes; they are closed here.)
   */
  forget(): void {
    for (const line of this.lines) {
      if (isStream(line)) line.forgotten = true;
      else line.reader.destroy();
    }
  }

  close(): void {
    this.server.close();
    for (const line of this.lines) line.reader.destroy();
  }

  private serve(reader: Socket, { hostname, port }: URL): void {
    const upstream = connect(Number(port), hostname);
    const line: Line = { reader, path: "", answer: "", forgotten: false, heldBack: false };
    this.lines.add(line);
    reader.on("data", (chunk) => {
      // A browser sends each request whole, after the answer to the one before.
      const path = /^GET (\S+) HTTP/.exec(chunk.toString("latin1"))?.[1];
      if (path) Object.assign(line, { path, answer: "", heldBack: false });
      if (!line.forgotten) upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      // The rest of an answer whose beginning was held back would be no answer.
      line.heldBack ||= this.buffers?.test(line.path) ?? false;
      if (!line.forgotten && !line.heldBack) reader.write(chunk);
      if (!line.heldBack && this.buffersAfterFirstWords?.test(line.path)) {
        line.answer += chunk.toString("latin1");
        line.heldBack = /\ndata: .*\n\n/.test(line.answer);
        this.begun += Number(line.heldBack);
      }
    });
    for (const [end, other] of [[reader, upstream], [upstream, reader]] as const) {
      // What breaks here is what the tests look at from the page.
      end.on("error", () => {});
      end.on("close", () => {
        this.lines.delete(line);
        if (!line.forgotten || end === reader) other.destroy();
      });
    }
  }
}

/** A reader's connection, with the path it last asked for. */
interface Line {
  reader: Socket;
  path: string;
  /** As much of the answer as was looked at. */
  answer: string;
  forgotten: boolean;
  /** Whether the answer under way is held back. */
  heldBack: boolean;
}

const isStream = ({ path }: Line) => /\/stream\b|^\/ws$/.test(path);
