/** The beginning of a match: hellos, agreement and session, as section 6 of src/wire/README.md has them. */

import { type Deviation, deviationOf, same } from './checker.ts';
import { type HelloRead, readHello, sessionId } from './checker-datagram.ts';
import { readAgreement } from './checker-plain.ts';

export const meetingDeviations = ['address', 'other-match', 'unheard-nonce'] as const;

export type MeetingDeviation = (typeof meetingDeviations)[number];

export class Meeting {
  readonly #hellos = new Map<number, HelloRead>();
  readonly #said = new Set<string>();
  session: Buffer | null = null;
  agreement: Buffer = Buffer.alloc(0);
  roster: readonly Buffer[] = [];
  /** By seat. */
  nonces: readonly Buffer[] = [];

  /** Takes a hello of the player at a seat; answers all that deviates. */
  take(from: number, datagram: Uint8Array): (Deviation | MeetingDeviation)[] {
    let hello: HelloRead | null = null;
    const broken = deviationOf(() => {
      hello = readHello(datagram);
      readAgreement(hello.agreement);
    });
    if (broken !== null || hello === null) return broken === null ? [] : [broken];
    const { agreement, key, nonce, nonces, roster } = hello as HelloRead;
    const first = this.#hellos.values().next().value ?? (hello as HelloRead);
    const alike =
      same(first.agreement, agreement) && same(Buffer.concat(first.roster), Buffer.concat(roster));
    if (!alike) return ['other-match'];
    if (!same(roster[from] as Buffer, key)) return ['address'];
    this.#said.add(nonce.toString('hex'));
    const heard = nonces.every(
      (each) => each.every((byte) => byte === 0) || this.#said.has(each.toString('hex')),
    );
    if (!heard) return ['unheard-nonce'];
    this.#hellos.set(from, hello);
    if (this.#hellos.size === roster.length && this.session === null) {
      this.roster = roster;
      this.agreement = agreement;
      this.nonces = roster.map((_, seat) => (this.#hellos.get(seat) as HelloRead).nonce);
      this.session = sessionId(agreement, roster, this.nonces);
    }
    return [];
  }
}
