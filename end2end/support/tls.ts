import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, createServer } from "node:tls";
import { promisify } from "node:util";
import { freePort } from "./ringside";

/** The host, a name of this machine that browsers treat as secure on https only. */
const HOST = "ringside.test";

/** A proxy that accepts https with a certificate of its own, and forwards to a server. */
export class TlsProxy {
  private server?: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly port: number,
    private readonly key: Buffer,
    private readonly cert: Buffer,
  ) {}

  /** Creates a certificate, and reserves a port. */
  static async create(): Promise<TlsProxy> {
    const folder = await mkdtemp(join(tmpdir(), "ringside-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const subject = ["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`];
    await promisify(execFile)("openssl", ["req", "-x509", ...curve, "-nodes", "-days", "2", ...subject, "-keyout", key, "-out", cert]);
    const proxy = new TlsProxy(await freePort(), await readFile(key), await readFile(cert));
    await rm(folder, { recursive: true });
    return proxy;
  }

  /** The origin, without a slash at the end. */
  get url(): string {
    return `https://${HOST}:${this.port}`;
  }

  /** Accepts connections, and forwards them to the server at `origin`. */
  async forwardTo(origin: string): Promise<void> {
    const { hostname, port } = new URL(origin);
    const { key, cert } = this;
    this.server = createServer({ key, cert, ALPNProtocols: ["http/1.1"] }, (browser) => {
      const upstream = connect(Number(port), hostname);
      for (const [socket, other] of [[browser, upstream], [upstream, browser]] as const) {
        this.sockets.add(socket);
        // Tests observe broken connections from the page.
        socket.on("error", () => {});
        socket.on("close", () => {
          this.sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    this.server.on("tlsClientError", () => {});
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
  }

  close(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
