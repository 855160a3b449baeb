/**
 * Judging a recording: the game is played again over the final rounds, and every step of it must be proven by
 * what the players signed. Whoever holds nothing but the game and these bytes learns which state every round
 * had, or where the recording breaks. Nothing is believed that the recording merely says: members, epochs and
 * pace are derived anew from the opened updates.
 *
 * A recording may end anywhere: that it has been cut short at the end cannot be seen.
 */

import { equalBytes, toHex } from '../../base/bytes.ts';
import { type Round, type Seat, seatOf } from '../../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, seatsOf, union, within } from '../../base/players.ts';
import { commit } from '../../crypto/commitment.ts';
import { hash } from '../../crypto/hash.ts';
import { type Sealed, type Verified, verifyStrict } from '../../crypto/signature.ts';
import { decodeAnyPacket, doubleEntry, type Packet, sealPacket } from '../../wire/packet.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import { ROUND_INSTANCE } from '../../wire/statement.ts';
import { encodeEvidence, type EvidenceKind, prove } from '../evidence.ts';
import type { Game } from '../game.ts';
import { neoParameters, sessionOf } from '../handshake.ts';
import { firstSeed } from '../lockstep-state.ts';
import { Play } from '../play.ts';
import { stateDigest } from './digest.ts';
import { type ClosedRound, fold, type LogEvent, type LogState } from './log-state.ts';
import { type NeoParameters, neoOptions } from './options.ts';
import { type Recorded, type RecordingHead, RecordingReader } from './recording-format.ts';
