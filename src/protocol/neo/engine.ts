/** Neo as the driver runs it. */

import type { RoundsHeader } from '../../wire/rounds.ts';
import type { VectorItem } from '../../wire/rounds-item.ts';
import type { Engine } from '../engine.ts';
import { sessionOf } from '../handshake.ts';
import { roundTrip } from './clock.ts';
import { openRounds } from './open.ts';
import { type NeoParameters, neoOptions } from './options.ts';
import { decodeNeoRecord, encodeNeoRecord, type NeoRecord } from './record.ts';
import { type Restored, restore } from './recovery.ts';
import { createNeoSession, membersOf, type NeoSession, neoWakeAt, neoWanted, stepNeoSession } from './session.ts';
import { pastOf } from './state.ts';

/** The engine of a session with these parameters. */
export function neoEngine(parameters: NeoParameters): Engine<NeoSession, Restored, RoundsHeader, VectorItem> {
  const options = neoOptions(parameters);
  return {
    name: 'neo',
    finalWithAdvance: false,
    hearsPlayed: true,
    encode: (record) => encodeNeoRecord(record as NeoRecord),
    recover: (records, { agreement, me }) =>
      restore(records.map(decodeNeoRecord), (keys, nonces) => {
        const session = sessionOf(agreement, keys, nonces);
        return options.setupOf(session, { keys, me }, nonces);
      }),
    create: (setup, at, restored) => createNeoSession(setup, options, at, restored),
    replay: ({ outcomes }) => ({ outcomes, committed: null }),
    step: stepNeoSession,
    wakeAt: neoWakeAt,
    wanted: neoWanted,
    open: openRounds,
    sessionId: ({ neo }) => neo?.setup.session ?? null,
    match({ neo }) {
      if (neo === null) return null;
      const { epoch } = pastOf(neo, neo.final).log;
      return { epoch, members: membersOf(neo), committed: false };
    },
    links: ({ clock, link }) =>
      link.peers.map(
        (peer, seat) =>
          peer && {
            roundTrip: roundTrip(clock, seat as never),
            heardAt: peer.heardAt,
            interrupted: peer.interrupted,
          },
      ),
  };
}

