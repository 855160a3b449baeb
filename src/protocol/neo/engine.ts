/** Neo as the driver runs it. */

import { nobody } from '../../base/players.ts';
import type { RoundsHeader } from '../../wire/rounds.ts';
import type { Engine, RoundView } from '../engine.ts';
import { sessionOf } from '../handshake.ts';
import { isSlow } from './ballot.ts';
import { roundTrip } from './clock.ts';
import { setsOf } from './holdings.ts';
import type { Attachment } from './inquiry.ts';
import { encodeInvitation, invitationOf } from './invitation.ts';
import { openRounds } from './open.ts';
import { type NeoParameters, neoOptions } from './options.ts';
import { decodeNeoRecord, encodeNeoRecord, type NeoRecord } from './record.ts';
import { type Restored, restore } from './recovery.ts';
import { judgeRequest } from './request.ts';
import { createNeoSession, type NeoSession, neoWakeAt, neoWanted, stepNeoSession } from './session.ts';
import { membersOf, type Neo, pastOf } from './state.ts';

/** Rounds that {@link newestRounds} tells of. */
const ROUNDS_SHOWN = 8;

/** The newest rounds in which anything was said. */
function newestRounds(neo: Neo): readonly RoundView[] {
  const said = neo.rounds.findLastIndex((round) => setsOf(round).commits !== nobody);
  return neo.rounds.slice(Math.max(0, said + 1 - ROUNDS_SHOWN), said + 1).map((round) => {
    const { commits, opens, votes } = setsOf(round);
    return {
      round: round.round,
      commits,
      votes,
      opens,
      slow: isSlow(round),
      final: round.round <= neo.final,
    };
  });
}

/** The engine of a session with these parameters. */
export function neoEngine(parameters: NeoParameters): Engine<NeoSession, Restored, RoundsHeader, Attachment> {
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
    replay: ({ from, outcomes }) => ({ from, outcomes, committed: null }),
    step: stepNeoSession,
    wakeAt: neoWakeAt,
    wanted: neoWanted,
    open: openRounds,
    sessionId: ({ neo }) => neo?.setup.session ?? null,
    match({ neo, slowRounds }) {
      if (neo === null) return null;
      const { epoch } = pastOf(neo, neo.final).log;
      const members = membersOf(neo);
      // Asked for often, and the rounds seldom: they are worked out when they are looked at.
      return {
        epoch,
        members,
        committed: false,
        slowRounds,
        get rounds() {
          return newestRounds(neo);
        },
      };
    },
    invite({ neo, setup }, addresses) {
      return neo === null ? null : encodeInvitation(invitationOf(neo, setup.agreement, addresses));
    },
    judgeRequest({ neo }, request) {
      const judged = judgeRequest(neo, request);
      return judged.ok ? null : judged.refused;
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
