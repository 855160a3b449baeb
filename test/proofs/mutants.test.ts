/** Every claim can fail: for each, a rule of the real sources that is taken away, and where that shows. */

import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../proofs/check.ts';
import { configurations } from '../../proofs/configurations.ts';
import { type Engine, engineOf } from '../../proofs/engine.ts';
import { type Edit, Mutant, removeMutants } from '../mutants/mutant.ts';

interface Case {
  /** What is wrong with the mutant. */
  readonly mutant: string;
  /** The claim that must fail, and the configuration in which it must. */
  readonly claim: string;
  readonly where: string;
  readonly edits: readonly Edit[];
}

const lockstep = 'protocol/lockstep.ts';
const parting = 'protocol/parting.ts';
const recovery = 'protocol/recovery.ts';
const removal = 'protocol/removal.ts';
const round = 'protocol/round.ts';
const evidence = 'protocol/evidence.ts';

/** Openings are played whatever they say. */
const blind: readonly Edit[] = [
  {
    file: round,
    find: 'if (set !== null && !equalBytes(set, listed.set)) return null;',
    replace: '',
  },
  {
    file: round,
    find: '!equalBytes(set, commitmentSet({ session, epoch, round }, commitments))',
    replace: 'false',
  },
  { file: lockstep, find: 'fits(setup.session, now, packet, ownSet)', replace: 'true' },
  { file: lockstep, find: 'packet && fits(setup.session, now, packet, set)', replace: 'packet !== null' },
];

const cases: readonly Case[] = [
  {
    mutant: 'opens before it holds all commitments',
    claim: 'no lookahead',
    where: 'n = 3, two commitments',
    edits: [
      {
        file: lockstep,
        find: 'if (!within(members, holders(now.commits))) return;',
        replace: 'if (now.commits.filter((packet) => packet !== null).length < 2) return;',
      },
      {
        file: round,
        find: '    if (statement === null) return null;\n',
        replace: '    if (statement === null) continue;\n',
      },
    ],
  },
  {
    mutant: 'forgets on a restart what it has committed to',
    claim: 'one COMMIT',
    where: 'n = 2, restarts, 1 round',
    edits: [
      {
        file: recovery,
        find: 'replay.set({ own: { input: reveal.input, salt: reveal.salt, state } });',
        replace: '',
      },
    ],
  },
  {
    mutant: 'forgets on a restart that it has opened',
    claim: 'one SET',
    where: 'n = 2, one lies about its moves, restarts',
    edits: [
      {
        file: recovery,
        find: 'replay.set({ ownSet: set, now: book });',
        replace: '',
      },
    ],
  },
  {
    mutant: 'plays a round anew in the same epoch',
    claim: 'one REVEAL',
    where: 'n = 3, wrong openings',
    edits: [
      { file: parting, find: '    epoch: epoch + 1,\n    members', replace: '    epoch,\n    members' },
      {
        file: parting,
        find: 'emptyBook(epoch + 1, round, seats)',
        replace: 'emptyBook(epoch, round, seats)',
      },
    ],
  },
  {
    mutant: 'forgets on a restart that it has signed REMOVE',
    claim: 'one REMOVE',
    where: 'n = 3, wished away while silent, restarts',
    edits: [
      {
        file: recovery,
        find: 'frozen: seatOf(record.remove.target)',
        replace: 'frozen: null',
      },
    ],
  },
  {
    mutant: 'does not count its wishes',
    claim: 'one WISH',
    where: 'n = 3, wished away while silent',
    edits: [{ file: parting, find: 'wishIndex: index + 1', replace: 'wishIndex: index' }],
  },
  {
    mutant: 'opens after its REMOVE',
    claim: 'silent after REMOVE',
    where: 'n = 3, two commitments',
    edits: [{ file: lockstep, find: 'leaving || removal.frozen !== null ||', replace: 'leaving ||' }],
  },
  {
    mutant: 'advances on unequal sets',
    claim: 'agreement',
    where: 'n = 3, two commitments',
    edits: blind,
  },
  {
    mutant: 'plays the salt',
    claim: 'validity',
    where: 'n = 2, 1 round',
    edits: [
      { file: round, find: 'inputs[author] = opening.input', replace: 'inputs[author] = opening.salt' },
    ],
  },
  {
    mutant: 'takes any two statements for a contradiction',
    claim: 'no framing',
    where: 'n = 2, 1 round',
    edits: [
      {
        file: 'protocol/conflict.ts',
        find: 'if (x.key[0] !== y.key[0] || !equalBytes(x.key, y.key)) continue;',
        replace: '',
      },
    ],
  },
  {
    mutant: 'ends the epoch before it has what a REMOVE claims',
    claim: 'epochs',
    where: 'n = 3, wrong openings',
    edits: [{ file: parting, find: '  if (end.after >= round) return;\n', replace: '' }],
  },
  {
    mutant: 'never replaces an opening that does not fit',
    claim: 'progress',
    where: 'n = 3, wrong openings',
    edits: [{ file: lockstep, find: 'if (now.opens[sender] && !good)', replace: 'if (now.opens[sender])' }],
  },
  {
    mutant: 'keeps nothing of the round before',
    claim: 'progress',
    where: 'n = 2, 1 round',
    edits: [{ file: lockstep, find: '    last: now,\n', replace: '' }],
  },
  {
    mutant: 'waits for a leaver whom others let go',
    claim: 'progress',
    where: 'n = 3, two LEAVEs',
    edits: [{ file: removal, find: ' || removers(removal, members, seat) !== nobody', replace: '' }],
  },
  {
    mutant: 'asks its log for nothing after a restart',
    claim: 'progress',
    where: 'n = 2, one lies about its moves, restarts',
    edits: [
      {
        file: lockstep,
        find: '    settle(turn);\n  }\n  return',
        replace: "    if (event.type !== 'resume') settle(turn);\n  }\n  return",
      },
    ],
  },
  {
    mutant: 'excuses whoever signs a REMOVE',
    claim: 'stalls',
    where: 'n = 3, groundless REMOVEs',
    edits: [
      {
        file: 'protocol/stall.ts',
        find: 'removal.frozen === null ? excused(removal, members) : nobody',
        replace: 'holders(removal.removes)',
      },
    ],
  },
  {
    mutant: 'takes a packet in that it has refused',
    claim: 'refusal',
    where: 'n = 3, wrong openings',
    edits: [
      {
        file: lockstep,
        find: 'if (shape === null || judge(turn.state, packet) !== null) return;',
        replace: 'if (shape === null) return;',
      },
    ],
  },
  {
    mutant: 'replaces a commitment by the next one',
    claim: 'no circles',
    where: 'n = 3, two commitments',
    edits: [
      { file: lockstep, find: "'commit' && here && !now.commits[sender]", replace: "'commit' && here" },
    ],
  },
  {
    mutant: 'compares nothing with what it holds',
    claim: 'accountable',
    where: 'n = 3, two commitments',
    edits: [{ file: lockstep, find: '  findLie(turn, packet);\n', replace: '' }],
  },
  {
    mutant: 'compares nothing with what it holds',
    claim: 'sometimes a liar is convicted',
    where: 'n = 3, two commitments',
    edits: [{ file: lockstep, find: '  findLie(turn, packet);\n', replace: '' }],
  },
  {
    mutant: 'leaves out of a proof what it rests on',
    claim: 'evidence',
    where: 'n = 3, wrong openings',
    edits: [{ file: evidence, find: 'shown ? [found.entries[1]] : []', replace: '[]' }],
  },
  {
    mutant: 'writes no round down',
    claim: 'final',
    where: 'n = 3, wrong openings, restarts',
    edits: [
      {
        file: lockstep,
        find: "turn.persist({ type: 'advance', epoch, round, opens: bytesOf(now.opens) });",
        replace: '',
      },
    ],
  },
  {
    mutant: 'writes no commitment down',
    claim: 'assertions',
    where: 'n = 2, restarts, 1 round',
    edits: [
      {
        file: lockstep,
        find: "turn.persist({ type: 'commit', commit: statement, reveal, state: own.state });",
        replace: '',
      },
    ],
  },
  {
    mutant: 'never advances',
    claim: 'sometimes all advance',
    where: 'n = 2, 1 round',
    edits: [{ file: lockstep, find: 'if (outcome === null) return;', replace: 'return;' }],
  },
  {
    mutant: 'never signs REMOVE',
    claim: 'sometimes the epoch ends',
    where: 'n = 3, two commitments',
    edits: [
      {
        file: parting,
        find: '  if (target === null) return;\n  const statement',
        replace: '  return;\n  const statement',
      },
    ],
  },
  {
    mutant: 'parks no commitment of the next round',
    claim: 'size',
    where: 'n = 2, 2 rounds',
    edits: [{ file: lockstep, find: 'shape.round === now.round + 1 && !next[sender]', replace: 'false' }],
  },
];

afterAll(removeMutants);

describe('a machine with a rule taken away', () => {
  for (const [index, { claim, edits, mutant, where }] of cases.entries()) {
    it(`breaks "${claim}" when it ${mutant}`, async () => {
      const configuration = configurations.find(({ name }) => name === where);
      if (configuration === undefined) throw new Error(`there is no configuration "${where}"`);
      const copy = new Mutant(`proofs-${index}`, edits);
      const engine = await engineOf((file) => copy.load<Partial<Engine>>(file));
      const { verdicts } = check(engine, configuration, claim);
      const verdict = verdicts.find((each) => each.claim === claim);
      expect(verdict?.failure?.text).toEqual(expect.any(String));
    });
  }

  it('is there for every claim that is made', () => {
    const made = new Set(configurations.flatMap(({ claims }) => claims).concat('size'));
    expect(new Set(cases.map(({ claim }) => claim))).toEqual(made);
  });
});
