import { BlockList, isIP } from 'node:net';
import type { EnvReader } from './env.ts';

/** Which proxy leads to an address; undefined: none, connect directly. */
export type Proxies = (url: string) => URL | undefined;

export const NO_PROXIES: Proxies = () => undefined;

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

/**
 * `HTTPS_PROXY` for https and wss, `HTTP_PROXY` for http and ws, but for what `NO_PROXY` names; lower case wins, as in curl.
 * A proxy is `http://[user:password@]host:port` or https: it is asked to CONNECT.
 */
export function readProxies(env: EnvReader): Proxies {
  const either = (name: string): string =>
    env.text(name.toLowerCase()) === undefined ? name : name.toLowerCase();
  const secure = env.url(either('HTTPS_PROXY'), ['http:', 'https:']);
  const plain = env.url(either('HTTP_PROXY'), ['http:', 'https:']);
  const isExempt = exemptions(env.text(either('NO_PROXY')) ?? '');
  return (text) => {
    const url = URL.parse(text);
    if (url === null) return undefined;
    const proxy = url.protocol === 'https:' || url.protocol === 'wss:' ? secure : plain;
    return proxy === undefined || isExempt(url) ? undefined : proxy;
  };
}

/** `*`, hosts with their subdomains (a leading dot or `*.` changes nothing), addresses, address ranges; each with a port or without. */
function exemptions(text: string): (url: URL) => boolean {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  const ranges = new BlockList();
  for (const part of parts) addRange(ranges, part);
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const port = url.port === '' ? String(PORTS[url.protocol] ?? '') : url.port;
    const family = isIP(host);
    if (family !== 0 && ranges.check(host, family === 6 ? 'ipv6' : 'ipv4')) return true;
    return parts.some((part) => names(part.toLowerCase(), host, port));
  };
}

function names(part: string, host: string, port: string): boolean {
  if (part === '*') return true;
  const [, name = part, onPort] =
    /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(isIP(part) === 6 ? `[${part}]` : part) ?? [];
  if (onPort !== undefined && onPort !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function addRange(ranges: BlockList, part: string): void {
  const [network = '', bits, ...more] = part.split('/');
  const family = isIP(network);
  const length = Number(bits);
  const isRange = family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits ?? '');
  if (isRange && length <= (family === 6 ? 128 : 32)) {
    ranges.addSubnet(network, length, family === 6 ? 'ipv6' : 'ipv4');
  }
}
