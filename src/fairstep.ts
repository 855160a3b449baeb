/**
 * The front door: what a game needs. Transports, logs, keyrings, the simulator and the judge have entries of
 * their own.
 */

export type { StateDifference } from './client/comparisons.ts';
export type { SessionEvents } from './client/events.ts';
export { defineGame, type GameDefinition } from './client/game.ts';
export { generateIdentity, type Identity, importIdentity } from './client/identity.ts';
export {
  type LockstepProtocol,
  lockstep,
  type NeoOptions,
  type NeoProtocol,
  neo,
  type PlayerOption,
  type SessionOptions,
} from './client/options.ts';
export { createSession, type Session, type SessionStatus } from './client/session.ts';
export type { LinkStats, RoundStats, SessionStats } from './client/stats.ts';
export { syncTest } from './client/synctest.ts';
export type { Codec, Game, InitContext, StepContext } from './protocol/game.ts';
export {
  type RecordingVerdict,
  type VerifyOptions,
  verifyRecording,
} from './protocol/neo/recording.ts';
export type { Transport } from './transport/transport.ts';
export type { Plain } from './wire/plain.ts';
