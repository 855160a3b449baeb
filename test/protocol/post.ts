/** A driver whose ports answer when the test wants them to; whatever leaves must be durable by then. */

import { expect } from 'vitest';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { nobody } from '../../src/base/players.ts';
import type { Micros } from '../../src/base/time.ts';
import { hash } from '../../src/crypto/hash.ts';
import { attest } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Driver, type Ports } from '../../src/protocol/driver.ts';
import { lockstepEngine } from '../../src/protocol/lockstep-engine.ts';
import { decodeRecord, type LogRecord } from '../../src/protocol/record.ts';
import { recover } from '../../src/protocol/recovery.ts';
import type { Session } from '../../src/protocol/session.ts';
import { Verifier } from '../../src/sim/keys.ts';
import { BUNDLE, decodeBundle } from '../../src/wire/envelope.ts';
import { decodePacket, entriesOf } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { nonceOf, noState, people, rules } from './table.ts';

const of = people(3);

/** What is under way somewhere: an answer, or a datagram. */
export interface Pending {
  readonly what: 'flush' | 'sign' | 'verify' | 'datagram';
  readonly run: () => void;
}

/** A statement as it stands in a packet. */
function written(statement: Statement): string {
  const [entry] = entriesOf([statement]);
  return entry?.statement ? String(entry.bytes) : '';
}

/** The statements that a log vouches for. */
function vouched(records: readonly LogRecord[]): Set<string> {
  const said: Statement[] = [];
  let reveal: Statement | null = null;
  for (const record of records) {
    if (record.type === 'commit') said.push(record.commit);
    if (record.type === 'commit') reveal = record.reveal;
    if (record.type === 'open') said.push(record.set, reveal as Statement);
    if (record.type === 'remove') said.push(record.remove);
    if (record.type === 'wish') said.push(record.wish);
    if (record.type === 'leave') said.push(record.leave);
  }
  return new Set(said.map(written));
}

/** One driver, whose ports answer when the test wants them to. */
export class Post {
  readonly driver: Driver<Session>;
  readonly seat: Seat;
  readonly pending: Pending[] = [];
  readonly flushed: LogRecord[] = [];
  readonly written: LogRecord[] = [];
  /** What happened outside, in order. */
  readonly acts: string[] = [];
  readonly sent: { readonly to: Seat; readonly datagram: Uint8Array }[] = [];
  readonly digests: Uint8Array[] = [];
  readonly finals: number[] = [];
  now: Micros = 0;
  wakeAt: Micros | null = null;
  onSend: (to: Seat, datagram: Uint8Array) => void = () => {};
  #salts = 0;

  constructor(seat: number, records: readonly LogRecord[] = []) {
    this.seat = seatOf(seat);
    const setup = {
      me: this.seat,
      keys: of.keys,
      agreement: rules,
      nonce: nonceOf(seat),
      stallAfter: 1e6,
      handshakeWithin: null,
    };
    const recovered =
      records.length === 0 ? null : recover(records, () => ({ session: of.session, me: this.seat }));
    this.flushed.push(...records);
    this.driver = new Driver(lockstepEngine, setup, this.#ports(), recovered);
  }

  /** Lets one thing happen that is under way; by its place, or the first of a kind. */
  answer(which: number | Pending['what'] = 0): boolean {
    const index = typeof which === 'number' ? which : this.pending.findIndex(({ what }) => what === which);
    const [chosen] = index < 0 ? [] : this.pending.splice(index, 1);
    chosen?.run();
    return chosen !== undefined;
  }

  /** Answers everything until nothing is under way. */
  settle(): void {
    while (this.answer());
  }

  #checkSend(datagram: Uint8Array): void {
    const types = this.flushed.map(({ type }) => type);
    expect(types, 'the nonce is durable before anything leaves').toContain('hello');
    if (datagram[1] !== BUNDLE) return;
    const bundle = decodeBundle(of.session, datagram);
    const vouches = vouched(this.flushed);
    for (const item of bundle.ok ? bundle.value.items : []) {
      const each = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (!each?.ok || each.value.sender !== this.seat) continue;
      for (const { statement } of each.value.entries) {
        const known = vouches.has(written(statement as Statement));
        expect(known, `${statement?.kind} leaves before it is durable`).toBe(true);
      }
    }
  }

  #ports(): Ports {
    const later = (what: Pending['what'], run: () => void): void => {
      this.pending.push({ what, run });
    };
    const secret = of.secrets[this.seat] as Uint8Array;
    const verifier = new Verifier(keyring);
    let digest = noState;
    const play = (next: Uint8Array): Uint8Array => {
      digest = next;
      this.digests.push(digest);
      return digest;
    };
    return {
      now: () => this.now,
      sign: (message, done) => later('sign', () => done(keyring.sign(secret, message))),
      own: attest,
      verify: (sealed, done) => later('verify', () => done(verifier.verify(sealed))),
      persist: (record) => {
        this.acts.push(`persist ${decodeRecord(record).type}`);
        this.written.push(decodeRecord(record));
      },
      flush: (done) => {
        const count = this.written.length;
        later('flush', () => {
          this.flushed.push(...this.written.splice(0, count));
          done();
        });
      },
      send: (to, datagram) => {
        this.acts.push('send');
        this.#checkSend(datagram);
        this.sent.push({ to, datagram });
        this.onSend(to, datagram);
      },
      salt: () => hash('seed', Uint8Array.of(this.seat, this.#salts++)).slice(0, 16),
      begin: (_session, seed) => {
        this.acts.push('begin');
        return play(hash('state', seed));
      },
      advance: (outcome, again) => {
        this.acts.push(again ? 'again' : 'advance');
        const inputs = outcome.inputs.map((input) => input ?? noState);
        return { stateHash: play(hash('state', digest, ...inputs)), illegal: nobody };
      },
      permits: () => true,
      prove: () => null,
      stateBytes: () => null,
      rollback: () => {
        throw new Error('lockstep never goes back');
      },
      final: (round) => {
        this.acts.push('final');
        this.finals.push(round);
        expect(this.flushed.filter(({ type }) => type === 'advance').length, 'a final round is durable').toBe(
          round,
        );
      },
      tell: (effect) => this.acts.push(`tell ${effect.type}`),
      wake: (at) => {
        this.wakeAt = at;
      },
    };
  }
}
