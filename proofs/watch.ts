/** The claims about what one honest player signs and holds, checked at every distinct step of it. */

import { equalBytes, toHex } from '../src/base/bytes.ts';
import type { Seat } from '../src/base/ids.ts';
import { has, seatsOf } from '../src/base/players.ts';
import type { Lockstep } from '../src/protocol/lockstep-state.ts';
import type { Outcome } from '../src/protocol/round.ts';
import type { Packet } from '../src/wire/packet.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Claims } from './claims.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Items } from './items.ts';
import type { Local } from './local.ts';
import { lateMark } from './menus.ts';
import { sameOutcome, type Watcher } from './run.ts';

export class Watch implements Watcher {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #claims: Claims;
  readonly #liars: ReadonlySet<number>;
  readonly #slow: boolean;

  constructor(engine: Engine, items: Items, configuration: Configuration, claims: Claims) {
    this.#engine = engine;
    this.#items = items;
    this.#claims = claims;
    this.#slow = configuration.slowSigning ?? false;
    this.#liars = new Set(Object.keys(configuration.liars ?? {}).map(Number));
  }

  drafted(before: Lockstep, after: Lockstep, statements: readonly Statement[]): void {
    for (const statement of statements) {
      const frozen =
        before.removal.frozen !== null && statement.epoch === before.epoch && statement.kind !== 'leave';
      this.#claims.check(
        'silent after REMOVE',
        !frozen,
        () => `has ${statement.kind} signed after its REMOVE`,
      );
      if (statement.kind !== 'reveal') continue;
      const { epoch, round } = statement;
      const book = [after.now, after.last].find((each) => each.epoch === epoch && each.round === round);
      const missing = seatsOf(before.members).filter((seat) => !book?.commits[seat]);
      this.#claims.check(
        'no lookahead',
        missing.length === 0,
        () => `opens without the COMMIT of ${missing.join()}`,
      );
    }
  }

  signs(seat: Seat, sent: readonly number[], item: number): void {
    const packet = this.#items.packet(item);
    if (packet === null || packet.sender !== seat) return;
    const earlier = sent.flatMap((id): Packet[] => {
      const other = this.#items.packet(id);
      return other !== null && other.sender === seat ? [other] : [];
    });
    for (const { key, statement } of packet.entries) {
      if (statement === null) continue;
      const name = `one ${statement.kind.toUpperCase()}`;
      const others = earlier.flatMap(({ entries }) => entries).filter((entry) => equalBytes(entry.key, key));
      this.#claims.check(
        name,
        others.length === 0,
        () => `${seat} says two things under the key ${toHex(key)}`,
      );
      if (this.#slow || statement.kind === 'leave') continue;
      const frozen = earlier.some(
        (other) => this.#engine.statementOf(other, 'remove')?.epoch === statement.epoch,
      );
      this.#claims.check(
        'silent after REMOVE',
        !frozen,
        () => `${seat} sends ${statement.kind} after its REMOVE`,
      );
    }
    const publicKey = new Uint8Array(32).fill(seat + 1);
    for (const other of [...earlier, undefined]) {
      const proof = this.#engine.prove(this.#items.session, publicKey, packet, other);
      this.#claims.check('no framing', proof === null, () => `${seat} has signed a ${proof?.conflict.kind}`);
    }
  }

  plays(seat: Seat, played: readonly Outcome[], outcome: Outcome): void {
    const next = (played.at(-1)?.round ?? 0) + 1;
    this.#claims.check(
      'final',
      outcome.round === next,
      () => `${seat} plays round ${outcome.round}, not ${next}`,
    );
    for (const liar of this.#liars) {
      const late = outcome.inputs[liar]?.[0] === lateMark;
      this.#claims.check(
        'no lookahead',
        !late,
        () => `${seat} plays an input chosen after an opening of its round`,
      );
    }
  }

  convicts(seat: Seat, player: Seat, item: number): void {
    this.#claims.check(
      'no framing',
      this.#liars.has(player),
      () => `${seat} convicts the honest player ${player}`,
    );
    const thing = item < 0 ? null : this.#items.thing(item);
    const against = thing?.type === 'proof' ? thing.against : null;
    this.#claims.check('evidence', against === player, () => `the evidence of ${seat} convicts ${against}`);
    this.#claims.seen('sometimes a liar is convicted');
  }
}

/** The claims about two honest players that count each other as members. */
export function compare(engine: Engine, items: Items, claims: Claims, a: Local, b: Local): void {
  if (!has(a.machine.members, b.seat) || !has(b.machine.members, a.seat)) return;
  for (const mine of a.played) {
    for (const theirs of b.played) {
      if (mine.round !== theirs.round) continue;
      claims.check(
        'agreement',
        sameOutcome(mine, theirs),
        () => `${a.seat} and ${b.seat} differ on round ${mine.round}`,
      );
    }
  }
  for (const mine of a.epochs) {
    for (const { epoch, first, members } of b.epochs) {
      if (epoch !== mine.epoch) continue;
      const equal = first === mine.first && members === mine.members;
      claims.check('epochs', equal, () => `${a.seat} and ${b.seat} enter epoch ${epoch} differently`);
    }
  }
  for (const [author, player] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const { epoch, inputs, round } of player.played) {
      const input = inputs[author.seat];
      if (!input) continue;
      const chosen = author.sent.some((id) => {
        const packet = items.packet(id);
        const reveal = packet === null ? null : engine.statementOf(packet, 'reveal');
        if (packet?.sender !== author.seat || reveal?.epoch !== epoch || reveal.round !== round) return false;
        return equalBytes(reveal.input, input);
      });
      claims.check('validity', chosen, () => `${player.seat} plays what ${author.seat} did not choose`);
    }
  }
}
