/** From the protocol that the options name to what runs it, and from a log to the match that it holds. */

import { equalBytes } from '../base/bytes.ts';
import type { Log } from '../log/log.ts';
import type { Engine, Restored, Running } from '../protocol/engine.ts';
import { lockstepEngine } from '../protocol/lockstep-engine.ts';
import { neoEngine } from '../protocol/neo/engine.ts';
import { alphaOf } from '../protocol/neo/options.ts';
import { decodePlain, type Plain } from '../wire/plain.ts';
import type { CheckedOptions } from './checked.ts';
import type { LockstepProtocol, NeoProtocol } from './options.ts';

export interface Run {
  readonly engine: Engine<Running, Restored>;
  /** Inputs are judged on the state that many rounds before; see {@link Play}. */
  readonly lag: number;
  /** Rounds after which a wish to leave acts, in milliseconds at the round length of the start. */
  readonly partingMs: number;
}

export function runOf(protocol: LockstepProtocol | NeoProtocol): Run {
  if (protocol.name === 'lockstep') return { engine: lockstepEngine, lag: 1, partingMs: 0 };
  const { parameters } = protocol;
  const lag = alphaOf(parameters);
  return { engine: neoEngine(parameters), lag, partingMs: lag * parameters.roundMs };
}

/** A record of a log whose match may be of any protocol: they begin and end alike. */
type SomeRecord = { readonly [name: string]: Plain } & { readonly type: string };

/** Null for what is no record at all, which is for the engine to refuse. */
function someRecord(bytes: Uint8Array): SomeRecord | null {
  const decoded = decodePlain(bytes);
  const value = decoded.ok ? decoded.value : null;
  const isRecord = typeof value === 'object' && value !== null && 'type' in value;
  return isRecord ? (value as unknown as SomeRecord) : null;
}

function isBytes(value: Plain | undefined, expected: Uint8Array): boolean {
  return value instanceof Uint8Array && equalBytes(value, expected);
}

/** What the log's match and this one do not have in common, or null. */
function strange(record: SomeRecord | null, { agreement, keys, me }: CheckedOptions): string | null {
  if (record?.type === 'hello') {
    if (!isBytes(record.publicKey, keys[me] as Uint8Array)) return 'another player';
    if (!isBytes(record.agreement, agreement)) return 'another game, other rules or another protocol';
  } else if (record?.type === 'session') {
    const list = Array.isArray(record.keys) ? (record.keys as readonly Plain[]) : [];
    if (list.length !== keys.length || !keys.every((key, seat) => isBytes(list[seat], key)))
      return 'other players';
  }
  return null;
}

/** The log's match, if it holds one that is not over. Throws when it is another match than this. */
export function recoverFrom(engine: Run['engine'], log: Log, checked: CheckedOptions): Restored {
  const all = log.records.map(someRecord);
  const first = all.findLastIndex((record) => record?.type === 'end') + 1;
  for (const record of all.slice(first)) {
    const what = strange(record, checked);
    if (what === null) continue;
    const remedy = 'give each player and each match a log of its own';
    throw new Error(`createSession: log ${log.name} holds an unfinished match of ${what}; ${remedy}`);
  }
  return engine.recover(log.records.slice(first), checked);
}
