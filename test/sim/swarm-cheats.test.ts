import { describe, expect, it } from 'vitest';
import { type Prng, prng } from '../../src/base/prng.ts';
import { keyring } from '../../src/keyring/node.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import {
  type Cheat,
  cheats,
  type SimulatedFault,
  type SimulationOptions,
  simulate,
} from '../../src/sim/simulator.ts';
import { type SumState, sum } from './games.ts';

type Options = SimulationOptions<SumState, number>;

/** Packets of an earlier match of the same people, recorded by one of them. */
function record(players: number, identitySeed: number): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  const options = {
    keyring,
    players,
    identitySeed,
    rounds: 4,
    input: () => 1,
    cheats: { 0: cheats.recorder(packets) },
  };
  simulate(sum, { ...options, seed: 77 });
  return packets;
}

const kinds: Readonly<Record<string, (random: Prng, players: number, identitySeed: number) => Cheat | null>> =
  {
    nobody: () => null,
    lookahead: (random) =>
      cheats.lookahead({ fromRound: 1 + random.below(6), choose: () => sum.encodeInput(9) }),
    inconsistency: (random) =>
      cheats.inconsistency({ fromRound: 1 + random.below(6), input: sum.encodeInput(3) }),
    'bad opening': (random) =>
      cheats.badOpening({ fromRound: 1 + random.below(6), choose: () => sum.encodeInput(4) }),
    replay: (random) => cheats.replay({ fromRound: 1 + random.below(6) }),
    'replayed session': (_random, players, identitySeed) =>
      cheats.replaySession(record(players, identitySeed)),
    spoofing: (random) => cheats.spoofing({ fromRound: 1 + random.below(6) }),
    malformed: (random) => cheats.malformed({ copies: 1 + random.below(3) }),
  };

/** One match with one cheat or none, and faults now off, now extreme, all from one seed. */
function match(seed: number): {
  readonly name: string;
  readonly cheater: number | null;
  readonly options: Options;
} {
  const random = prng(seed).split('cheats');
  const players = 3 + random.below(4);
  const names = Object.keys(kinds);
  const name = names[random.below(names.length)] as string;
  const identitySeed = 1 + random.below(1000);
  const cheat = (kinds[name] as (typeof kinds)[string])(random, players, identitySeed);
  const cheater = cheat === null ? null : random.below(players);
  const faults: SimulatedFault[] = [];
  for (let i = random.below(3); i > 0; i--) {
    faults.push({
      type: 'crash',
      player: random.below(players),
      atMs: random.below(4000),
      downMs: 50 + random.below(2500),
    });
  }
  if (random.below(3) === 0) {
    const cut = 1 + random.below(players - 1);
    const seats = Array.from({ length: players }, (_, seat) => seat);
    faults.push({
      type: 'partition',
      atMs: random.below(4000),
      groups: [seats.slice(0, cut), seats.slice(cut)],
      forMs: random.below(2500),
    });
  }
  if (random.below(4) === 0)
    faults.push({ type: 'leave', player: random.below(players), atMs: random.below(5000) });
  const chance = (share: number): number => (random.unit() < 0.5 ? 0 : random.unit() * share);
  const network = {
    delayMs: 1 + random.below(80),
    jitterMs: chance(100),
    loss: chance(0.3),
    duplicate: chance(0.4),
  };
  const options: Options = {
    keyring,
    players,
    seed,
    identitySeed,
    rounds: 25,
    faults,
    network,
    limitMs: 60_000,
    onStall: 'remove',
    input: ({ random: dice }) => dice(1000),
    cheats: cheat === null || cheater === null ? {} : { [cheater]: cheat },
  };
  return { name, cheater, options };
}

const fresh = Math.floor(Math.random() * 0x7fffffff);
const fixed = Array.from({ length: 60 }, (_, index) => 2000 + index);
const anew = Array.from({ length: 20 }, (_, index) => fresh + index);

describe('one cheat or none, faults, and games that remove whoever keeps them waiting', () => {
  it.each([
    ['fixed seeds', fixed],
    [`fresh seeds from ${fresh}`, anew],
  ])(
    '%s: agreement, and only the cheater is convicted',
    (_name, seeds) => {
      const seen = new Map<string, number>();
      for (const seed of seeds) {
        const { name, cheater, options } = match(seed);
        const result = simulate(sum, options);
        const what = `seed ${seed}: ${name} by ${cheater}`;
        expect(result.violations, what).toEqual([]);
        for (const { by, player, evidence } of result.evidence) {
          expect(player, what).toBe(cheater);
          expect(verifyEvidence(evidence)?.guilty, `${what}, held by ${by}`).toEqual(
            result.players[player]?.publicKey,
          );
        }
        const rounds = result.players.filter((_, seat) => seat !== cheater).map((player) => player.rounds);
        if (rounds.some((count) => count > 0)) seen.set(name, (seen.get(name) ?? 0) + 1);
      }
      if (seeds === fixed) expect([...seen.keys()].sort()).toEqual(Object.keys(kinds).sort());
    },
    300_000,
  );

  it('without loss and faults every liar is convicted by all, and the others play on', () => {
    for (const [name, cheat] of Object.entries({
      inconsistency: cheats.inconsistency,
      'bad opening': cheats.badOpening,
    })) {
      for (const players of [3, 4, 5, 6]) {
        const result = simulate(sum, {
          keyring,
          players,
          rounds: 20,
          seed: players,
          input: () => 2,
          cheats: { 1: cheat({ fromRound: 5 }) },
          limitMs: 60_000,
        });
        expect(result, `${name}, ${players} players`).toMatchObject({
          agreed: true,
          rounds: 20,
          violations: [],
        });
        const holders = new Set(result.evidence.filter(({ by }) => by !== 1).map(({ by }) => by));
        expect(holders.size).toBe(players - 1);
        expect(result.players[1]?.ended).toBe('expelled');
      }
    }
  });
});
