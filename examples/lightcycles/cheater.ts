/**
 * The liar of the demo: an honest session behind a transport that lies. What leaves passes through a
 * cheat of the simulator, which rewrites datagrams and signs them with its player's own key.
 */

import type { Identity, SessionOptions } from 'fairstep';
import { keyring } from 'fairstep/keyring/node';
import type { Cheat } from 'fairstep/sim';
import type { RosterEntry } from './roster.ts';

type Transport = SessionOptions<unknown, unknown>['transport'];

/** Where the secret stands in an identity that was exported without a passphrase. */
const SECRET_AT = 6;
const SECRET_BYTES = 32;

export interface CheatingOptions {
  readonly cheat: Cheat;
  /** The liar's own; seats follow from the keys of all. */
  readonly publicKey: Uint8Array;
  readonly roster: readonly RosterEntry[];
  sign(message: Uint8Array): Uint8Array;
  /** An integer in 0 .. bound - 1. */
  random(bound: number): number;
}

/** What signs with an identity's key at once, which no honest player needs. */
export async function signerOf(identity: Identity): Promise<(message: Uint8Array) => Uint8Array> {
  const exported = await identity.export();
  const secret = exported.slice(SECRET_AT, SECRET_AT + SECRET_BYTES);
  exported.fill(0);
  return (message) => keyring.sign(secret, message);
}

/**
 * The cheat with the truth beside every lie. Of two or three players there may be nobody with whom the one
 * who was lied to could compare, so that nothing would ever show.
 */
export function besideTheTruth(cheat: Cheat): Cheat {
  return {
    name: cheat.name,
    begin(context) {
      const run = cheat.begin(context);
      return {
        outgoing(to, datagram) {
          const told = run.outgoing(to, datagram);
          const honest = told.some(([seat, bytes]) => seat === to && Buffer.compare(bytes, datagram) === 0);
          return honest ? told : [...told, [to, datagram]];
        },
        incoming: (from, datagram) => run.incoming(from, datagram),
      };
    },
  };
}

/** The roster in the order of its seats: by public key. */
export function bySeat(roster: readonly RosterEntry[]): readonly RosterEntry[] {
  return [...roster].sort((a, b) => Buffer.compare(a.publicKey, b.publicKey));
}

/** A transport on which the cheat is at work; datagrams of strangers pass untouched. */
export function cheating(transport: Transport, options: CheatingOptions): Transport {
  const seats = bySeat(options.roster);
  const addresses = seats.map(({ address }) => transport.canonical(address));
  const keys = seats.map(({ publicKey }) => publicKey);
  const seat = keys.findIndex((key) => Buffer.compare(key, options.publicKey) === 0);
  const { sign, random } = options;
  const run = options.cheat.begin({ seat, keys, sign, random });

  return {
    address: transport.address,
    datagramBytesMax: transport.datagramBytesMax,
    canonical: (address) => transport.canonical(address),
    send(to, datagram) {
      const target = addresses.indexOf(to);
      if (target < 0) return transport.send(to, datagram);
      for (const [other, bytes] of run.outgoing(target, datagram))
        transport.send(addresses[other] as string, bytes);
    },
    receive: (handler) =>
      transport.receive((from, datagram) => {
        const source = addresses.indexOf(from);
        if (source < 0) return handler(from, datagram);
        for (const [other, bytes] of run.incoming(source, datagram))
          handler(addresses[other] as string, bytes);
      }),
    close: () => transport.close(),
  };
}
