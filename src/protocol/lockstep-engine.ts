/** Lockstep as the driver runs it. */

import type { Standing } from '../wire/envelope.ts';
import type { Engine } from './engine.ts';
import { sessionOf } from './handshake.ts';
import { open } from './lockstep-open.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import { type Recovered, recover } from './recovery.ts';
import { createSession, type Session, step, wakeAt, wanted } from './session.ts';

export const lockstepEngine: Engine<Session, Recovered, Standing, never> = {
  name: 'lockstep',
  finalWithAdvance: true,
  hearsPlayed: false,
  encode: encodeRecord,
  recover: (records, { agreement, me }) =>
    recover(records.map(decodeRecord), ({ keys, nonces }) => ({
      session: sessionOf(agreement, keys, nonces),
      me,
    })),
  create: createSession,
  replay({ lockstep, outcomes }) {
    const committed = lockstep?.own ? { round: lockstep.round, input: lockstep.own.input } : null;
    return { outcomes, committed };
  },
  step,
  wakeAt,
  wanted,
  open,
  sessionId: ({ lockstep }) => lockstep?.setup.session ?? null,
  match({ lockstep }) {
    if (lockstep === null) return null;
    const { epoch, members, own } = lockstep;
    return { epoch, members, committed: own !== null, slowRounds: 0, rounds: [] };
  },
  links: ({ link }) => link.peers,
};
