import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';

export interface TunnelOptions {
  readonly proxy: URL;
  readonly timeoutMs: number;
  /** TLS to the target inside the tunnel. */
  readonly secure: boolean;
}

type OnCreate = (error: Error | null, socket: Duplex) => void;
type Target = ConnectionOptions & {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
};

/** A `createConnection` for `http.request` and `ws`, which asks the proxy to CONNECT. Errors name the proxy, never its password. */
export function tunnel(options: TunnelOptions): (target: Target, onCreate: OnCreate) => undefined {
  return (target, onCreate) => {
    const { proxy, timeoutMs, secure } = options;
    const name = `proxy ${proxy.protocol}//${proxy.host}`;
    const host = target.host ?? '';
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${target.port ?? (secure ? 443 : 80)}`;
    const ask = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const connecting = ask({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      agent: false,
    });
    let isDone = false;
    const done = (error: Error | null, socket?: Duplex): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (error !== null) connecting.destroy();
      onCreate(error, socket as Duplex);
    };
    const failed = (cause: string): void => done(new Error(`${name}: ${cause}`));
    const timer = setTimeout(() => failed(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
    connecting.on('error', (error) => done(new Error(`${name}: ${error.message}`, { cause: error })));
    connecting.on('connect', ({ statusCode }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy();
        failed(`answers ${statusCode} to CONNECT ${authority}`);
        return;
      }
      if (head.length > 0) socket.unshift(head);
      const servername = target.servername ?? (isIP(host) === 0 ? host : '');
      done(null, secure ? tlsConnect({ ...target, path: undefined, socket, servername }) : socket);
    });
    connecting.end();
    return undefined;
  };
}

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
