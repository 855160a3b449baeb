import { afterAll, describe, expect, it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { keyring } from '../../src/keyring/node.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import type { Game } from '../../src/protocol/game.ts';
import * as simulator from '../../src/sim/simulator.ts';
import { decodePlain, encodePlain } from '../../src/wire/plain.ts';
import { type Edit, Mutant, removeMutants } from '../mutants/mutant.ts';

type Simulator = typeof simulator;
type Hands = { wins: number[]; hands: (number | null)[] };

/** Rock, paper, scissors of everybody against everybody: who looks ahead always wins. */
function rockPaperScissors(): Game<Hands, number> {
  return defineGame<Hands, number>({
    id: 'hands',
    version: 1,
    init: ({ players }) => ({ wins: new Array<number>(players).fill(0), hands: [] }),
    step: ({ wins }, { inputs }) => {
      const next = [...wins];
      for (const [a, mine] of inputs.entries()) {
        for (const theirs of inputs)
          if (mine !== null && theirs !== null && (mine + 2) % 3 === theirs) next[a] = (next[a] ?? 0) + 1;
      }
      return { wins: next, hands: [...inputs] };
    },
  });
}

const hands = rockPaperScissors();
const cheater = 2;

/** What beats the hand of the first player. */
function beat(others: readonly (Uint8Array | null)[]): Uint8Array {
  const decoded = others[0] ? decodePlain(others[0]) : null;
  const theirs = decoded?.ok ? Number(decoded.value) : 0;
  return encodePlain((theirs + 1) % 3);
}

/** Three players, one of whom cheats, with the library as it is or with a defence taken away. */
function play(
  of: Simulator,
  cheat: simulator.Cheat | null,
  more: Partial<simulator.SimulationOptions<Hands, number>> = {},
) {
  return of.simulate(hands, {
    players: 3,
    rounds: 12,
    seed: 11,
    keyring,
    input: ({ random }) => random(3),
    cheats: cheat === null ? {} : { [cheater]: cheat },
    limitMs: 20_000,
    ...more,
  });
}

async function without(name: string, edits: readonly Edit[]): Promise<Simulator> {
  return new Mutant(name, edits).load<Simulator>('sim/simulator.ts');
}

const blind = {
  set: {
    file: 'protocol/round.ts',
    find: 'if (set !== null && !equalBytes(set, listed.set)) return null;',
    replace: '',
  },
  computed: {
    file: 'protocol/round.ts',
    find: 'if (set === null || !equalBytes(set, commitmentSet({ session, epoch, round }, commitments)))',
    replace: 'if (false)',
  },
  fit: { file: 'protocol/lockstep.ts', find: 'if (!within(members, fitting)) return;', replace: '' },
  lies: { file: 'protocol/lockstep.ts', find: '  findLie(turn, packet);\n', replace: '' },
} satisfies Record<string, Edit>;

afterAll(removeMutants);

/** Evidence of a result that convicts exactly the cheater. */
function convictions(result: simulator.SimulationResult<Hands>): readonly string[] {
  const guilty = result.players[cheater]?.publicKey as Uint8Array;
  return result.evidence.map(({ by, evidence }) => {
    const verdict = verifyEvidence(evidence);
    expect(verdict?.guilty).toEqual(guilty);
    return `${by} ${verdict?.kind} ${verdict?.statement}`;
  });
}

describe('lookahead: withholds its commitment until the others have opened', () => {
  const cheat = () => simulator.cheats.lookahead({ choose: beat });

  it('fails: nobody opens, and everybody waits for the cheater, which proves nothing', () => {
    const result = play(simulator, cheat());
    expect(result.rounds).toBe(0);
    expect(result.evidence).toEqual([]);
    const named = result.stalls.filter(({ by }) => by !== cheater);
    expect(named.length).toBeGreaterThan(0);
    for (const stall of named) expect(stall).toMatchObject({ waitingFor: [cheater], reason: 'silent' });
  });

  it('fails, and the others go on without the cheater when they wish to', () => {
    const result = play(simulator, cheat(), { onStall: 'remove' });
    expect(result.agreed).toBe(true);
    expect(result.rounds).toBe(12);
  });

  it('works when players open before all commitments are held', async () => {
    const result = play(
      await without('lookahead', [
        blind.set,
        blind.computed,
        blind.fit,
        {
          file: 'protocol/round.ts',
          find: '    if (statement === null) return null;\n    commitments.push(statement.commitment);',
          replace: '    if (statement !== null) commitments.push(statement.commitment);',
        },
        {
          file: 'protocol/lockstep.ts',
          find: 'if (!within(members, holders(now.commits))) return;',
          replace:
            'if (now.commits.filter((packet) => packet !== null).length < setup.keys.length - 1) return;',
        },
      ]),
      cheat(),
    );
    expect(result.rounds).toBe(12);
    expect(result.evidence).toEqual([]);
    const [first, second] = result.players;
    expect(first?.stateHash).toBe(second?.stateHash);
    expect(first?.state?.wins[cheater]).toBeGreaterThanOrEqual(12);
    const honest = play(simulator, null);
    expect(honest.players[0]?.state?.wins[cheater]).toBeLessThan(12);
  });
});

describe('inconsistency: commits differently before different players', () => {
  const cheat = () => simulator.cheats.inconsistency({ fromRound: 4, input: encodePlain(1) });

  it('fails: no round advances on it, and every honest player holds evidence', () => {
    const result = play(simulator, cheat());
    expect(result.agreed).toBe(true);
    expect(result.rounds).toBe(12);
    expect(new Set(convictions(result))).toEqual(
      new Set(['0 inconsistency commit', '1 inconsistency commit', '2 inconsistency commit']),
    );
    expect(result.players[cheater]?.ended).toBe('expelled');
  });

  it('works when nobody compares sets and commitments', async () => {
    const blinded = await without('inconsistency', [blind.set, blind.computed, blind.fit, blind.lies]);
    const result = play(blinded, cheat());
    expect(result.evidence).toEqual([]);
    expect(result.violations.join()).toContain('agreement');
  });
});

describe('bad opening: opens to something else than it committed to', () => {
  const cheat = () => simulator.cheats.badOpening({ fromRound: 4, choose: beat });

  it('fails: the opening is not played, and convicts', () => {
    const result = play(simulator, cheat());
    expect(result.agreed).toBe(true);
    expect(convictions(result).every((text) => text.endsWith('bad-opening reveal'))).toBe(true);
    expect(result.evidence.length).toBeGreaterThanOrEqual(2);
  });

  it('works when openings are not checked', async () => {
    const result = play(await without('bad-opening', [blind.computed, blind.fit, blind.lies]), cheat());
    expect(result.evidence).toEqual([]);
    expect(result.rounds).toBe(12);
  });
});

describe('replay of a commitment of another round', () => {
  const cheat = () => simulator.cheats.replay({ fromRound: 3 });

  it('fails: the signature covers the round', () => {
    const result = play(simulator, cheat());
    expect(result.agreed).toBe(true);
    expect(result.evidence).toEqual([]);
    expect(result.players[0]?.refused.signature).toBeGreaterThan(0);
  });

  it('frames honest players when the signature does not cover epoch and round', async () => {
    const result = play(
      await without('replay', [
        {
          file: 'wire/packet.ts',
          find: 'writer.bytes(entry.key).bytes(partHash',
          replace: 'writer.bytes(entry.key.subarray(0, 1)).bytes(partHash',
        },
        {
          file: 'wire/packet.ts',
          find: 'Uint8Array.of(sender), entry.bytes);',
          replace: 'Uint8Array.of(sender), entry.bytes.subarray(entry.key.length));',
        },
      ]),
      cheat(),
    );
    expect(result.violations.join()).toContain('framed');
  });
});

describe('replay of packets of another session', () => {
  function record(): Uint8Array[] {
    const packets: Uint8Array[] = [];
    play(simulator, simulator.cheats.recorder(packets), { identitySeed: 5 });
    expect(packets.length).toBeGreaterThan(10);
    return packets;
  }

  it('fails: the signature covers the session', () => {
    const result = play(simulator, simulator.cheats.replaySession(record()), { seed: 12, identitySeed: 5 });
    expect(result.agreed).toBe(true);
    expect(result.evidence).toEqual([]);
    expect(result.players[0]?.refused.signature).toBeGreaterThan(0);
  });

  it('frames honest players when the signature does not cover the session', async () => {
    const mutant = await without('replay-session', [
      {
        file: 'wire/packet.ts',
        find: 'writer.u8(PROTOCOL_VERSION).bytes(session)',
        replace: 'writer.u8(PROTOCOL_VERSION)',
      },
      {
        file: 'wire/packet.ts',
        find: 'head, session, Uint8Array.of(sender)',
        replace: 'head, Uint8Array.of(sender)',
      },
    ]);
    const packets: Uint8Array[] = [];
    play(mutant, mutant.cheats.recorder(packets), { identitySeed: 5 });
    const result = play(mutant, mutant.cheats.replaySession(packets), { seed: 12, identitySeed: 5 });
    expect(result.violations.join()).toContain('framed');
  });
});

describe('spoofing: commits in the name of another player', () => {
  const cheat = () => simulator.cheats.spoofing({ fromRound: 3, victim: 0 });

  it("fails: the signature is not the victim's", () => {
    const result = play(simulator, cheat());
    expect(result.agreed).toBe(true);
    expect(result.evidence).toEqual([]);
    expect(result.players[1]?.refused.signature).toBeGreaterThan(0);
  });

  it('frames the victim when signatures are not checked', async () => {
    const result = play(
      await without('spoofing', [
        {
          file: 'sim/player.ts',
          find: 'done(verifier.verify(sealed))',
          replace: 'done(sealed.value as never)',
        },
      ]),
      cheat(),
    );
    expect(result.violations.join()).toContain('framed');
  });
});

describe('malformed packets', () => {
  const cheat = () => simulator.cheats.malformed({ copies: 3 });

  it('fail: each is refused by name, and the match goes on', () => {
    const result = play(simulator, cheat());
    expect(result.agreed).toBe(true);
    expect(result.evidence).toEqual([]);
    const refused = result.players[0]?.refused ?? {};
    for (const name of ['malformed', 'length', 'version'] as const)
      expect(refused[name], name).toBeGreaterThan(0);
  });

  it('stop a player whose decoder trusts the tag of a statement', async () => {
    const mutant = await without('malformed', [
      { file: 'wire/packet.ts', find: '  if (kind === null) return null;\n', replace: '' },
    ]);
    expect(() => play(mutant, simulator.cheats.malformed({ copies: 8 }))).toThrow(TypeError);
  });
});
