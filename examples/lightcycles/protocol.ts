/** The parameters with which the demo plays a protocol, as its network wants them. */

import { type LockstepProtocol, lockstep, type NeoProtocol, neo } from 'fairstep';
import type { ProtocolName } from './lies.ts';

/** Milliseconds that a turn may need beside the injected delay, both ways. */
const SLACK_MS = 20;

interface Given {
  readonly protocol: ProtocolName;
  readonly roundMs: number;
  readonly latencyMs: number;
}

/** The round length unless told: short, but not so that very many rounds are under way at once. */
export function usualRoundMs(latencyMs: number): number {
  return Math.max(50, Math.ceil(latencyMs / 4));
}

/** The shortest rounds with which the library plays at that delay. */
export function leastRoundMs(latencyMs: number): number {
  return Math.max(5, Math.ceil((5 * (2 * latencyMs + SLACK_MS)) / 126));
}

export function protocolOf({ protocol, roundMs, latencyMs }: Given): LockstepProtocol | NeoProtocol {
  const stallMs = 1000 + 10 * latencyMs;
  if (protocol === 'lockstep') return lockstep({ stallMs });
  return neo({ roundMs, arrivalMs: Math.max(2 * roundMs, 2 * latencyMs + SLACK_MS), stallMs });
}
