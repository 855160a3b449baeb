import { afterAll, describe, expect, it } from 'vitest';
import { keyring } from '../../src/keyring/node.ts';
import type * as library from '../../src/sim/neo-gain.ts';
import { type Edit, Mutant, removeMutants } from '../mutants/mutant.ts';

type Library = typeof library;

afterAll(removeMutants);

const options = { players: 4, rounds: 13, seed: 3, keyring };

/** Milliseconds of virtual time that a match without a defence may take. */
const LIMIT_MS = 6_000;

function trialOf(of: Library, cheat: string, variant: string): library.Trial {
  const found = of.trials.filter((trial) => trial.cheat === cheat && trial.variant.startsWith(variant));
  expect(found, `${cheat}: ${variant}`).toHaveLength(1);
  return found[0] as library.Trial;
}

/** Plays a trial without its control. */
function play(of: Library, cheat: string, variant: string, rounds: number): library.NeoGain {
  const trial = trialOf(of, cheat, variant);
  const match: library.Trial['match'] = (...given) => ({ ...trial.match(...given), limitMs: LIMIT_MS });
  return of.neoGain({ ...trial, rounds, match }, options, null);
}

async function without(name: string, edits: readonly Edit[]): Promise<Library> {
  return new Mutant(name, edits).load<Library>('sim/neo-gain.ts');
}

/** A defence: the cheat that it stops, and the real source without it, in which the cheat works. */
interface Control {
  readonly defence: string;
  readonly cheat: string;
  readonly variant: string;
  readonly edits: readonly Edit[];
  /** What the cheat gains without the defence, in a share of rounds; or what else goes wrong. */
  readonly gains?: number;
  readonly wrong?: RegExp;
  readonly rounds?: number;
}

const majority: Edit = {
  file: 'protocol/quorum.ts',
  find: '  const q = Math.floor((n + f) / 2) + 1;\n  const fast = Math.floor((n + 2 * f + k) / 2) + 1;',
  replace: '  const q = Math.floor(n / 2) + 1;\n  const fast = q;',
};

const unsearched: Edit = {
  file: 'protocol/neo/accuse.ts',
  find: 'if (sender === setup.me || !isSuspect(round, packet, statement) || isAccused(turn, sender)) return;',
  replace: 'return;',
};

const controls: readonly Control[] = [
  {
    defence: 'the gate: who opens before it has voted',
    cheat: 'lookahead',
    variant: 'commits when all',
    gains: 0.3,
    edits: [
      {
        file: 'protocol/neo/gate.ts',
        find: 'if (revealed || own === null || ownVote === null) return false;',
        replace: 'if (revealed || own === null) return false;',
      },
      {
        file: 'protocol/neo/gate.ts',
        find: 'const voted = ownVote[author];',
        replace: 'if (ownVote === null) return true;\n    const voted = ownVote[author];',
      },
    ],
  },
  {
    defence: 'certificates: who is content with a majority',
    cheat: 'pivot vote',
    variant: 'the others are told',
    gains: 0.3,
    edits: [majority],
  },
  {
    defence: 'votes by hash: who takes any vote as one for what it holds',
    cheat: 'inconsistency',
    variant: '',
    wrong: /divergences|agreement/,
    edits: [
      {
        file: 'protocol/neo/values.ts',
        find: '&& equalBytes(vectorDigest(complete), digest)) return complete;',
        replace: ') return complete;',
      },
    ],
  },
  {
    defence: 'one commitment: who does not compare what a player says',
    cheat: 'inconsistency',
    variant: '',
    wrong: /not everybody has evidence/,
    edits: [unsearched],
  },
  {
    defence: 'one vote: who does not compare what a player says',
    cheat: 'vote against own commitment',
    variant: '',
    wrong: /not everybody has evidence/,
    edits: [unsearched],
  },
  {
    defence: 'the round under the signature',
    cheat: 'replay',
    variant: 'of a round',
    wrong: /innocent/,
    edits: [
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
    ],
  },
  {
    defence: 'the session under the signature',
    cheat: 'replay',
    variant: 'of an earlier session',
    wrong: /innocent/,
    edits: [
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
    ],
  },
  {
    defence: 'signatures: who believes a name',
    cheat: 'spoofing',
    variant: 'commits and votes',
    wrong: /innocent|agreement/,
    edits: [
      {
        file: 'sim/player.ts',
        find: 'done(verifier.verify(sealed))',
        replace: 'done(sealed.value as never)',
      },
    ],
  },
  {
    defence: 'judging evidence: who believes an accusation',
    cheat: 'replay',
    variant: 'to frame an innocent, with two of its rounds',
    wrong: /innocent/,
    edits: [
      {
        file: 'protocol/evidence.ts',
        find: 'if (evidence === null || !isSigned(evidence) || !isJudged(evidence, judging)) return null;',
        replace: 'if (evidence === null) return null;',
      },
    ],
  },
  {
    defence: 'void openings remove their author',
    cheat: 'withheld opening',
    variant: 'from all, once',
    gains: 0.15,
    rounds: 16,
    edits: [
      {
        file: 'protocol/neo/accusation.ts',
        find: 'return count(minus(counting, voided)) >= q ? voided : nobody;',
        replace: 'return nobody;',
      },
    ],
  },
  {
    defence: 'openings are given up: who waits for ever',
    cheat: 'withheld opening',
    variant: 'from all, once',
    wrong: /no agreement/,
    edits: [
      {
        file: 'protocol/neo/openings.ts',
        find: 'if (waited + patience > now.at || author === me) continue;',
        replace: 'continue;',
      },
    ],
  },
  {
    defence: 'relays: who passes on nothing of others',
    cheat: 'suppressed update',
    variant: 'to one',
    wrong: /innocent|no agreement/,
    edits: [
      {
        file: 'protocol/neo/holdings.ts',
        find: '    if (this.#seen.has(bytes)) return;',
        replace: '    if (this.#seen.has(bytes) || author === 3) return;',
      },
    ],
  },
  {
    defence: 'the pace goes by the (f+1)-th report: who goes by the smallest',
    cheat: 'lock-out',
    variant: 'f report that all are near',
    gains: 0.2,
    edits: [
      {
        file: 'protocol/neo/pace.ts',
        find: 'return numbers.toSorted((a, b) => b - a)[f] ?? null;',
        replace: 'return numbers.toSorted((a, b) => b - a).at(-1) ?? null;',
      },
    ],
  },
  {
    defence: 'the pace goes by the (f+1)-th report: who goes by the largest',
    cheat: 'lock-out',
    variant: 'f report that rounds',
    gains: 0.1,
    rounds: 26,
    edits: [
      {
        file: 'protocol/neo/pace.ts',
        find: 'return numbers.toSorted((a, b) => b - a)[f] ?? null;',
        replace: 'return numbers.toSorted((a, b) => b - a)[0] ?? null;',
      },
    ],
  },
  {
    defence: 'the clock goes by the median: who goes by the latest',
    cheat: 'clock pulling',
    variant: 'early for half',
    gains: 0.2,
    edits: [
      {
        file: 'protocol/neo/clock.ts',
        find: 'return known[Math.floor((known.length - 1) / 2)] ?? null;',
        replace: 'return known.at(-1) ?? null;',
      },
    ],
  },
];

describe('each cheat works when its defence is taken away', () => {
  it.each(controls)(
    '$defence',
    async ({ cheat, defence, edits, gains, rounds = options.rounds, variant, wrong }) => {
      const mutant = await without(defence, edits);
      const result = play(mutant, cheat, variant, rounds);
      if (gains !== undefined) expect(result.gain).toBeGreaterThan(gains);
      if (wrong !== undefined) expect(result.wrong.join('; ')).toMatch(wrong);
    },
  );
});
