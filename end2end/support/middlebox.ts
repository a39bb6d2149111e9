import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** A proxy between a browser and the server, which can buffer responses and drop connections. */
export class Middlebox {
  /**
   * Responses to requests for matching paths are withheld, as by a proxy that buffers whole bodies.
   */
  buffers?: RegExp;
  /** Of responses to requests for matching paths, only the first event is passed on. */
  buffersAfterFirstEvent?: RegExp;
  /** The number of responses of which only the first event was passed on. */
  cutAfterFirstEvent = 0;
  private readonly connections = new Set<Connection>();

  private constructor(
    private readonly server: Server,
    /** The origin, without a slash at the end. */
    readonly url: string,
  ) {}

  /** Starts a proxy for the server at `origin`. */
  static async before(origin: string): Promise<Middlebox> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const box = new Middlebox(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("connection", (reader) => box.serve(reader, new URL(origin)));
    return box;
  }

  /** The number of open streams. */
  get streams(): number {
    return [...this.connections].filter(isStream).length;
  }

  /**
   * Stops forwarding on open streams without closing them, as a router does that loses its state
   * while a machine sleeps. Closes idle connections, as a browser does when the machine wakes.
   */
  dropStreams(): void {
    for (const connection of this.connections) {
      if (isStream(connection)) connection.isDropped = true;
      else connection.reader.destroy();
    }
  }

  close(): void {
    this.server.close();
    for (const connection of this.connections) connection.reader.destroy();
  }

  private serve(reader: Socket, { hostname, port }: URL): void {
    const upstream = connect(Number(port), hostname);
    const connection: Connection = { reader, path: "", response: "", isDropped: false, isBuffered: false };
    this.connections.add(connection);
    reader.on("data", (chunk) => {
      // A browser sends each request in one piece, after the response to the previous one.
      const path = /^GET (\S+) HTTP/.exec(chunk.toString("latin1"))?.[1];
      if (path) Object.assign(connection, { path, response: "", isBuffered: false });
      if (!connection.isDropped) upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      // Once a part of a response is withheld, the rest must be, too.
      connection.isBuffered ||= this.buffers?.test(connection.path) ?? false;
      if (!connection.isDropped && !connection.isBuffered) reader.write(chunk);
      if (!connection.isBuffered && this.buffersAfterFirstEvent?.test(connection.path)) {
        connection.response += chunk.toString("latin1");
        connection.isBuffered = /\ndata: .*\n\n/.test(connection.response);
        this.cutAfterFirstEvent += Number(connection.isBuffered);
      }
    });
    for (const [end, other] of [[reader, upstream], [upstream, reader]] as const) {
      // Tests observe broken connections from the page.
      end.on("error", () => {});
      end.on("close", () => {
        this.connections.delete(connection);
        if (!connection.isDropped || end === reader) other.destroy();
      });
    }
  }
}

/** A browser's connection. */
interface Connection {
  reader: Socket;
  /** The path of the last request. */
  path: string;
  /** The beginning of the current response. */
  response: string;
  isDropped: boolean;
  /** Whether the rest of the current response is withheld. */
  isBuffered: boolean;
}

const isStream = ({ path }: Connection) => /\/stream\b|^\/ws$/.test(path);
