/** Openings that reach only some, scripted: what may happen between reveal and decision. */

import { describe, expect, it } from 'vitest';
import type { Passing } from '../../src/sim/simulator.ts';
import { Simulation } from '../../src/sim/simulator.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { decodeRounds } from '../../src/wire/rounds.ts';
import { type SumState, sum } from './games.ts';
import { neoMatch, type Options, parameters } from './neo-terms.ts';

const ROUND = 12;

/** True if a datagram carries the opening of that author in ROUND. */
function opens(session: Uint8Array | null, datagram: Uint8Array, author: number): boolean {
  const rounds = session === null ? null : decodeRounds(session, datagram);
  if (!rounds?.ok) return false;
  return rounds.value.items.some((item) => {
    const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
    if (!packet?.ok || packet.value.sender !== author) return false;
    return packet.value.entries.some(
      ({ statement }) => statement?.kind === 'reveal' && statement.round === ROUND,
    );
  });
}

type Passes = (passing: Passing, sinceMs: number, carries: (author: number) => boolean) => boolean;

/** A match in which `passes` says what arrives once player 0 opens ROUND. */
function play(options: Partial<Options>, change: Partial<typeof parameters>, passes: Passes) {
  let startMs: number | null = null;
  const simulation: Simulation<SumState, number> = new Simulation<SumState, number>(sum, {
    ...neoMatch(options, change),
    passing: (passing) => {
      const session = simulation.players[passing.from]?.session ?? null;
      const carries = (author: number): boolean => opens(session, passing.datagram, author);
      if (startMs === null && passing.from === 0 && carries(0)) startMs = passing.atMs;
      return startMs === null || passes(passing, passing.atMs - startMs, carries);
    },
  });
  return simulation.run();
}

describe('an opening that only some have', () => {
  it('n = 7: who played with it during an outage longer than T_open goes back, and finals are equal', () => {
    const outageMs = 2 * parameters.openMs;
    const result = play(
      { players: 7, rounds: 40, seed: 12 },
      { silentRounds: 200 },
      ({ from, to }, since, carries) => {
        if (since > outageMs || from < 2 === to < 2) return true;
        return from < 2 ? from === 1 && since <= 1 && carries(1) && !carries(0) : since <= 30;
      },
    );
    expect(result.violations).toEqual([]);
    expect(result.evidence).toEqual([]);
    expect(result.rollbacks).toBeGreaterThan(0);
    expect(result.agreed).toBe(true);
    expect(result.players[0]?.ended).toBe('expelled');
  });

  it('n = 4: who decided alone still helps those who have denied it, and the opening counts', () => {
    const shownMs = parameters.openMs + 200;
    const result = play(
      { players: 4, rounds: 40, seed: 13 },
      { silentRounds: 200 },
      ({ from, to }, since, carries) => {
        if (from === 0) return since <= 1 && to === 1;
        return since > shownMs || !carries(0);
      },
    );
    expect(result.violations).toEqual([]);
    expect(result.evidence).toEqual([]);
    expect(result.rollbacks).toBe(0);
    const others = result.players.slice(1);
    expect(others.every(({ rounds }) => rounds >= 40)).toBe(true);
    expect(new Set(others.map(({ stateHash }) => stateHash)).size).toBe(1);
  });

  it('n = 4: one that nobody else has is void; its author, who played with it, goes back and is out', () => {
    const result = play(
      { players: 4, rounds: 40, seed: 14 },
      {},
      ({ from }, _, carries) => from !== 0 || !carries(0),
    );
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [], rollbacks: 1 });
    expect(result.players.map(({ ended }) => ended)).toEqual(['expelled', null, null, null]);
  });

  it('n = 2: one that is withheld stalls, and names its author', () => {
    const result = play(
      { players: 2, rounds: 40, seed: 15, limitMs: 10_000 },
      {},
      ({ from }, _, carries) => from !== 0 || !carries(0),
    );
    expect(result.violations).toEqual([]);
    expect(result.rounds).toBe(ROUND - 1);
    const named = result.stalls.filter(({ by }) => by === 1);
    expect(named.length).toBeGreaterThan(0);
    for (const { waitingFor } of named) expect(waitingFor).toEqual([0]);
  });
});
