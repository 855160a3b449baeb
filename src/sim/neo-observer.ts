/**
 * Counts what a match of neo came to, round by round, by whoever sees everything: who decided and played
 * what, who knew which moves when, who was blamed and who is out. It shares no rule with the machines; the
 * counts mean what they mean of the published round (classic-tally.ts).
 */

import { toHex } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import { ROUNDS } from '../wire/envelope.ts';
import { decodePacket, type Packet } from '../wire/packet.ts';
import { decodeRounds } from '../wire/rounds.ts';
import type { NeoStatement } from '../wire/statement.ts';
import type { Cheat } from './cheat.ts';
import type { Hands } from './cheats-game.ts';
import type { ClassicCounts } from './classic-tally.ts';
import type { Moment, Passing } from './options.ts';
import type { Simulation } from './simulation.ts';

export type NeoCounts = ClassicCounts;

/** The first round that is counted: until then players come to the match one after the other. */
export const SETTLED = 4;

const zero: NeoCounts = {
  splits: 0,
  divergences: 0,
  looked: 0,
  glimpsed: 0,
  fresher: 0,
  misordered: 0,
  blinded: 0,
  undone: 0,
  framed: 0,
  stale: 0,
  excluded: 0,
  missed: 0,
};

/** What one player's log says of a final round. */
interface Final {
  /** By seat the decided value, hexadecimal; '-' for none, '' for who is no member. */
  readonly decided: readonly string[];
  readonly voided: number;
  readonly stateHash: string;
}

interface Watched {
  /** By cheat the hashes that it committed to, and when somebody honest was first shown each. */
  readonly shown: Map<number, Map<string, Micros>>;
  /** When the cheats first held the opening of each honest player. */
  readonly reached: Map<number, Micros>;
  /** By honest player when it committed, to what, and whether it knew all openings of the round before. */
  readonly chosen: Map<number, { readonly at: Micros; readonly hash: string; readonly knew: boolean }>;
  readonly advanced: Map<number, { readonly at: Micros; readonly hands: Hands['hands'] }>;
  readonly finals: Map<number, Final & { readonly at: Micros }>;
}

/** A member that the log has removed. */
export interface Removal {
  readonly seat: number;
  readonly round: number;
  readonly reason: string;
}

/** A datagram of neo on its way, as far as it reads. */
export interface Carried {
  readonly from: number;
  readonly to: number;
  readonly sender: number;
  readonly statement: NeoStatement;
}

export class Observer {
  readonly #players: number;
  readonly #cheaters: readonly number[];
  readonly #honest: readonly number[];
  readonly #rounds = new Map<number, Watched>();
  readonly #removals = new Map<number, Removal>();
  #simulation: Simulation<Hands, number> | null = null;

  constructor(players: number, cheaters: readonly number[]) {
    this.#players = players;
    this.#cheaters = cheaters;
    this.#honest = Array.from({ length: players }, (_, seat) => seat).filter(
      (seat) => !cheaters.includes(seat),
    );
  }

  /** The match that is observed; before it runs. */
  observe(simulation: Simulation<Hands, number>): void {
    this.#simulation = simulation;
  }

  get #now(): Micros {
    return (this.#simulation as Simulation<Hands, number>).now;
  }

  #round(round: number): Watched {
    const known = this.#rounds.get(round);
    if (known !== undefined) return known;
    const watched: Watched = {
      shown: new Map(),
      reached: new Map(),
      chosen: new Map(),
      advanced: new Map(),
      finals: new Map(),
    };
    this.#rounds.set(round, watched);
    return watched;
  }

  /** The packets in a datagram of neo. */
  #packets(datagram: Uint8Array): readonly Packet[] {
    const session = this.#simulation?.players.find((player) => player.session !== null)?.session;
    if (!session || datagram[1] !== ROUNDS) return [];
    const rounds = decodeRounds(session, datagram);
    if (!rounds.ok) return [];
    return rounds.value.items.flatMap((item) => {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      return packet?.ok ? [packet.value] : [];
    });
  }

  /** The statements in a datagram. */
  carried({ datagram, from, to }: Passing): readonly Carried[] {
    return this.#packets(datagram).flatMap(({ entries, sender }) =>
      entries.flatMap(({ statement }) =>
        statement !== null && 'round' in statement
          ? [{ from, to, sender, statement: statement as NeoStatement }]
          : [],
      ),
    );
  }

  /** The cheat, with an eye on what reaches it. */
  watched(cheat: Cheat): Cheat {
    return {
      name: cheat.name,
      begin: (context) => {
        const run = cheat.begin(context);
        return {
          outgoing: (to, datagram) => run.outgoing(to, datagram),
          incoming: (from, datagram) => {
            this.#reached(datagram);
            return run.incoming(from, datagram);
          },
        };
      },
    };
  }

  #reached(datagram: Uint8Array): void {
    for (const { entries, sender } of this.#packets(datagram)) {
      for (const { statement } of entries) {
        if (statement?.kind !== 'reveal' || !this.#honest.includes(sender)) continue;
        const { reached } = this.#round(statement.round);
        if (!reached.has(sender)) reached.set(sender, this.#now);
      }
    }
  }

  /** A datagram leaves, whether it will arrive or not. */
  left(passing: Passing): void {
    for (const { from, sender, statement, to } of this.carried(passing)) {
      if (statement.kind !== 'commit' || sender !== from) continue;
      const watched = this.#round(statement.round);
      const hash = toHex(statement.commitment);
      if (this.#honest.includes(sender)) {
        if (watched.chosen.has(sender)) continue;
        watched.chosen.set(sender, { at: this.#now, hash, knew: this.#knows(sender, statement.round - 1) });
      } else if (this.#honest.includes(to)) {
        const shown = watched.shown.get(sender) ?? new Map<string, Micros>();
        watched.shown.set(sender, shown);
        if (!shown.has(hash)) shown.set(hash, this.#now);
      }
    }
  }

  /** Whether an honest player can open all others' moves of a round. */
  #knows(seat: number, round: number): boolean {
    const neo = this.#simulation?.players[seat]?.driver?.session;
    const held = neo && 'neo' in neo ? this.#simulation?.neoSession(seatOf(seat))?.neo : null;
    const open = held?.rounds[round - held.roundsFrom];
    return open !== undefined && this.#honest.every((author) => author === seat || open.reveals[author]);
  }

  /** Something that a player's game saw. */
  saw({ player, round, type }: Moment): void {
    if (!this.#honest.includes(player)) return;
    const watched = this.#round(round);
    if (type === 'advance' && !watched.advanced.has(player)) {
      const state = this.#simulation?.players[player]?.play?.current?.state;
      watched.advanced.set(player, { at: this.#now, hands: [...(state?.hands ?? [])] });
    }
    if (type === 'final') this.#final(player, round, watched);
  }

  #final(player: number, round: number, watched: Watched): void {
    const neo = this.#simulation?.neoSession(seatOf(player))?.neo;
    const open = neo?.rounds[round - neo.roundsFrom];
    const past = neo?.past[round - neo.pastFrom];
    if (!open || !past) return;
    const decided = Array.from({ length: this.#players }, (_, seat) => {
      const value = open.decided[seat];
      if (!value) return '';
      return value.every((byte) => byte === 0) ? '-' : toHex(value);
    });
    const voided = past.closed?.voided ?? 0;
    watched.finals.set(player, { at: this.#now, decided, voided, stateHash: toHex(past.stateHash) });
    for (const event of past.events) {
      if (event.type !== 'removed' || this.#removals.has(event.seat)) continue;
      this.#removals.set(event.seat, { seat: event.seat, round, reason: event.reason });
    }
  }

  get removals(): readonly Removal[] {
    return [...this.#removals.values()];
  }

  /** What the rounds from SETTLED to `last` came to. */
  counts(last: number): NeoCounts {
    const counts: { -readonly [name in keyof NeoCounts]: number } = { ...zero };
    for (let round = SETTLED; round <= last; round++) {
      const watched = this.#rounds.get(round);
      if (watched === undefined) continue;
      for (const name of this.#countRound(round, watched)) counts[name]++;
    }
    return counts;
  }

  #countRound(round: number, watched: Watched): ReadonlySet<keyof NeoCounts> {
    const found = new Set<keyof NeoCounts>();
    const finals = [...watched.finals.values()];
    const [first] = finals;
    if (first === undefined) return found;
    if (finals.some(({ decided }) => decided.join() !== first.decided.join())) found.add('splits');
    if (finals.some(({ stateHash }) => stateHash !== first.stateHash)) found.add('divergences');
    this.#countInnocent(finals, watched, found);
    for (const cheat of this.#cheaters) this.#countCheat(round, watched, first, cheat, found);
    return found;
  }

  #countInnocent(finals: readonly Final[], watched: Watched, found: Set<keyof NeoCounts>): void {
    for (const seat of this.#honest) {
      const values = finals.map(({ decided }) => decided[seat] ?? '');
      const own = watched.chosen.get(seat)?.hash;
      if (values.some((value) => value.length > 1 && value !== own)) found.add('stale');
      const without = finals.filter(
        ({ voided }, index) => values[index] === '-' || (voided & (1 << seat)) !== 0,
      );
      if (without.length > 0) found.add('missed');
      if (without.length * 2 > finals.length) found.add('excluded');
    }
  }

  #countCheat(
    round: number,
    watched: Watched,
    final: Final,
    cheat: number,
    found: Set<keyof NeoCounts>,
  ): void {
    const value = final.decided[cheat] ?? '';
    const seen = [...watched.advanced.values()].map(({ hands }) => hands[cheat] ?? null);
    if (seen.some((hand) => hand === null) && seen.some((hand) => hand !== null)) found.add('blinded');
    const known = this.#honest.map((seat) => watched.reached.get(seat) ?? Number.POSITIVE_INFINITY);
    if (value.length <= 1) return;
    if ((final.voided & (1 << cheat)) !== 0) {
      if (known.every(Number.isFinite)) found.add('undone');
      return;
    }
    const shown = watched.shown.get(cheat)?.get(value) ?? Number.NEGATIVE_INFINITY;
    if (known.every((since) => since <= shown)) found.add('looked');
    if (known.some((since) => since <= shown)) found.add('glimpsed');
    const before = this.#rounds.get(round - 1);
    const fresh = this.#honest.every(
      (seat) => (before?.reached.get(seat) ?? Number.POSITIVE_INFINITY) <= shown,
    );
    if (fresh && ![...watched.chosen.values()].some(({ knew }) => knew)) found.add('fresher');
    const later = [...(this.#rounds.get(round + 1)?.chosen.values() ?? [])];
    if (later.some(({ at }) => at < shown)) found.add('misordered');
  }

  /** Milliseconds from an honest commitment to its playout, and to its being final: the means. */
  delays(last: number): { readonly advanceMs: number; readonly finalMs: number } {
    let [advance, final, count] = [0, 0, 0];
    for (let round = 1; round <= last; round++) {
      const watched = this.#rounds.get(round);
      for (const seat of this.#honest) {
        const [from, played, done] = [
          watched?.chosen.get(seat),
          watched?.advanced.get(seat),
          watched?.finals.get(seat),
        ];
        if (!from || !played || !done) continue;
        advance += played.at - from.at;
        final += done.at - from.at;
        count++;
      }
    }
    const mean = (sum: number): number => (count === 0 ? Number.NaN : sum / count / 1000);
    return { advanceMs: mean(advance), finalMs: mean(final) };
  }

  /** Of the rounds for which it wished, and of the others, the shares in which a move counted. */
  accepted(
    last: number,
    cheat: number,
    wish: (round: number) => boolean,
  ): readonly [wished: number, not: number] {
    const shares = [true, false].map((wanted) => {
      const rounds = Array.from({ length: last }, (_, index) => index + 1).filter(
        (round) => wish(round) === wanted,
      );
      const counted = rounds.filter((round) => {
        const [final] = this.#rounds.get(round)?.finals.values() ?? [];
        return (final?.decided[cheat] ?? '').length > 1;
      });
      return rounds.length === 0 ? 0 : counted.length / rounds.length;
    });
    return [shares[0] as number, shares[1] as number];
  }
}
