/**
 * Datagrams over UDP, on Node. The socket is opened and closed through dgram-as-promised; datagrams come from
 * the plain `message` event of its socket, since whatever arrives while nobody waits in its `recv()` is lost.
 * Addresses are numbers, never names, so that sending never asks a name server.
 */

import type { LookupOneOptions } from 'node:dns';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';
import { assert } from '../base/assert.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/limits.ts';
import { handlers } from './handlers.ts';
import type { Transport } from './transport.ts';

/** What {@link udp} takes. */
export interface UdpOptions {
  /** Local port, 0 .. 65535; 0 takes any free one. Default 0. */
  readonly port?: number;
  /**
   * Local address, in numbers. Default 127.0.0.1: this machine alone. 0.0.0.0 is every IPv4 address of the
   * machine, :: every address of both kinds; the transport's `address` then carries it with the local port,
   * and others reach the transport at one of the machine's own addresses instead.
   */
  readonly host?: string;
  /** What the system may hold for us between two turns of the event loop. Default 1 MiB; it may give less. */
  readonly recvBufferBytes?: number;
}

/** A transport over one UDP socket. */
export interface UdpTransport extends Transport {
  /** How many datagrams the system refused to take, and other errors of the socket, so far. */
  readonly errors: number;
}

/** What a bound socket can reach. */
type Family = 'IPv4' | 'IPv6' | 'both';

interface Target {
  /** IPv4 in dots, or IPv6 in the system's spelling. */
  readonly host: string;
  readonly port: number;
}

const shape = "an address looks like '203.0.113.7:7001' or '[2001:db8::7]:7001'";
const mapped = '::ffff:';

/** How many addresses a transport remembers the parts of. */
const routesMax = 1024;

/** IPv4 inside IPv6 (RFC 4291, 2.5.5.2), in the system's spelling, as plain IPv4; the rest as it is. */
function unmap(host: string): string {
  const inner = host.slice(mapped.length);
  return host.startsWith(mapped) && isIPv4(inner) ? inner : host;
}

/** The system's spelling of a numeric host, without IPv4 inside IPv6; null when it is no number. */
function spellHost(host: string): string | null {
  if (isIPv4(host)) return host;
  if (!isIPv6(host)) return null;
  const [digits = '', zone] = host.split('%');
  const { address } = new SocketAddress({ address: digits, family: 'ipv6' });
  return zone === undefined ? unmap(address) : `${address}%${zone}`;
}

function spell(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The parts of an address, each in its one spelling; null when it is none. */
function parse(address: string): Target | null {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  if (match === null) return null;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return null;
  if (bracketed === undefined ? !isIPv4(plain ?? '') : !isIPv6(bracketed)) return null;
  const host = spellHost(bracketed ?? plain ?? '');
  return host === null ? null : { host, port };
}

function canonical(address: string, family: Family): string {
  const target = typeof address === 'string' ? parse(address) : null;
  if (target === null) {
    throw new TypeError(
      `${JSON.stringify(address)} is not a UDP address: ${shape}, with a port of 1 to 65535; ` +
        'resolve a host name to numbers first (dns.lookup)',
    );
  }
  const kind = target.host.includes(':') ? 'IPv6' : 'IPv4';
  if (family !== 'both' && family !== kind) {
    throw new TypeError(
      `this transport cannot reach ${kind} address ${address}, its own address is ${family}; ` +
        "open it with udp({ host: '::' }) to reach both kinds",
    );
  }
  return spell(target.host, target.port);
}

/** The host in its one spelling. Throws an error that names the option that is wrong. */
function checkOptions(port: number, host: string, recvBufferBytes: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`udp: port must be an integer from 0 (any free one) to 65535, not ${port}`);
  }
  const local = typeof host === 'string' ? spellHost(host) : null;
  if (local === null) {
    throw new TypeError(
      `udp: host must be a numeric IPv4 or IPv6 address such as '0.0.0.0', not ${JSON.stringify(host)}`,
    );
  }
  if (!Number.isInteger(recvBufferBytes) || recvBufferBytes < 1 || recvBufferBytes >= 2 ** 31) {
    throw new RangeError(`udp: recvBufferBytes must be a positive integer, not ${recvBufferBytes}`);
  }
  return local;
}

/** One clear sentence for a socket that could not be opened. */
function bindError(cause: unknown, host: string, port: number): Error {
  const code = (cause as NodeJS.ErrnoException).code;
  const at = `udp: port ${port} on ${host}`;
  if (code === 'EADDRINUSE') {
    return new Error(`${at} is in use; stop what uses it, or choose another port (0 takes a free one)`, {
      cause,
    });
  }
  if (code === 'EACCES') {
    return new Error(`${at} is not permitted; choose a port above 1023`, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL') {
    return new Error(
      `${at} cannot be opened: this machine has no such address; use '0.0.0.0' or '::' for all that it has`,
      { cause },
    );
  }
  return new Error(`${at} cannot be opened: ${(cause as Error).message}`, { cause });
}

/** Answers a numeric address with itself, at once: what `send` would otherwise ask the resolver for. */
function numericLookup(
  host: string,
  _options: LookupOneOptions,
  answer: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  answer(null, host, host.includes(':') ? 6 : 4);
}

/**
 * Opens a UDP transport. Rejects with a TypeError or RangeError that names a bad option, and with an Error
 * that says what to do when the port or the host cannot be had.
 */
export async function udp(options: UdpOptions = {}): Promise<UdpTransport> {
  const { port = 0, host = '127.0.0.1', recvBufferBytes = 2 ** 20 } = options;
  const local = checkOptions(port, host, recvBufferBytes);
  const type = isIPv4(local) ? 'udp4' : 'udp6';
  const opened = DgramAsPromised.createSocket({
    type,
    lookup: numericLookup,
    recvBufferSize: recvBufferBytes,
  });
  try {
    const bound = await opened.bind(port, local);
    const family = type === 'udp4' ? 'IPv4' : local === '::' ? 'both' : 'IPv6';
    return running(opened, spell(local, bound.port), family);
  } catch (cause) {
    await opened.close().catch(() => {});
    throw bindError(cause, host, port);
  }
}

/** Where a socket sends for an address, null when it cannot; answers are remembered, up to a limit. */
function routes(family: Family): (address: string) => Target | null {
  const known = new Map<string, Target | null>();
  return (address) => {
    let target = known.get(address);
    if (target !== undefined) return target;
    target = parse(address);
    const kind = target?.host.includes(':') ? 'IPv6' : 'IPv4';
    if (target !== null && family === 'both' && kind === 'IPv4') {
      target = { host: mapped + target.host, port: target.port };
    } else if (family !== 'both' && family !== kind) target = null;
    if (known.size >= routesMax) known.clear();
    known.set(address, target);
    return target;
  };
}

/** The transport of a bound socket. */
function running(opened: SocketAsPromised, address: string, family: Family): UdpTransport {
  const { socket } = opened;
  const receivers = handlers();
  const route = routes(family);
  let errors = 0;
  let closing: Promise<void> | null = null;

  function sent(error: Error | null): void {
    if (error !== null) errors++;
  }

  socket.on('error', sent);
  socket.on('message', (bytes, { address: host, port }) => {
    // Every datagram comes in memory of its own; a Buffer is shown as the plain array that it is.
    const datagram = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    receivers.deliver(spell(unmap(host), port), datagram);
  });

  function send(to: string, datagram: Uint8Array): void {
    assert(datagram.length <= DATAGRAM_BYTES_MAX, `a datagram has at most ${DATAGRAM_BYTES_MAX} bytes`);
    if (closing !== null) return;
    const target = route(to);
    if (target === null) errors++;
    else socket.send(datagram, target.port, target.host, sent);
  }

  return {
    address,
    datagramBytesMax: DATAGRAM_BYTES_MAX,
    get errors() {
      return errors;
    },
    canonical: (other) => canonical(other, family),
    send,
    receive: (handler) => (closing === null ? receivers.add(handler) : () => {}),
    close() {
      receivers.clear();
      closing ??= opened.close();
      return closing;
    },
  };
}
