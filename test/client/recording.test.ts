/** What a session keeps for others to check: its recording, and where the states of players differ. */

import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { type NeoOptions, neo } from '../../src/client/options.ts';
import { verifyRecording } from '../../src/protocol/neo/recording.ts';
import { heard, keepPlaying, type Live, party, play, reaches, seated, sum, sumGame } from './party.ts';

const quick: NeoOptions = { roundMs: 20, stallMs: 500 };

describe('a recording', () => {
  it('is played again by whoever has it, to the state that all players came to', async () => {
    const sessions = await seated(4, () => ({ protocol: neo(quick) }));
    await play(sessions, 20);
    const digests = new Map<number, string>();
    const [session] = sessions as [Live];
    session.on('final', ({ round, stateHash }) => digests.set(round, toHex(stateHash)));
    await reaches(session, session.round + 5);
    const bytes = session.recording();
    expect(bytes).not.toBeNull();
    const verdict = verifyRecording(sum, bytes as Uint8Array);
    expect(verdict).toMatchObject({ ok: true });
    const known = verdict.rounds.filter(({ round }) => digests.has(round));
    expect(known.length).toBeGreaterThan(0);
    for (const { round, stateHash } of known) expect(toHex(stateHash)).toBe(digests.get(round));
    const edited = (bytes as Uint8Array).slice();
    edited[edited.length - 200] = (edited[edited.length - 200] as number) ^ 1;
    expect(verifyRecording(sum, edited).ok).toBe(false);
  });

  it('is none in lockstep, and none where it is not wanted', async () => {
    const [a, b] = (await seated(2)) as [Live, Live];
    await play([a, b], 2);
    expect(a.recording()).toBeNull();
    const quiet = (await seated(2, () => ({ protocol: neo(quick), record: false }))) as Live[];
    await play(quiet, 3);
    expect(quiet[0]?.recording()).toBeNull();
  });
});

describe('states that differ', () => {
  it('raise desync, which finds the place on request', async () => {
    const company = await party(4);
    const faulty = sumGame({ step: ({ total }) => ({ total: total + 1, drawn: -7 }) });
    const sessions = await seated(
      4,
      (index) => ({ protocol: neo(quick), ...(index === 3 ? { game: faulty } : {}) }),
      company,
    );
    const told = heard(sessions[0] as Live, 'desync') as Promise<unknown>;
    for (const session of sessions) keepPlaying(session);
    await Promise.all(sessions.map((session) => session.start()));
    const { players, diff } = (await told) as {
      players: readonly number[];
      diff(): Promise<readonly { player: number; path: string; mine: string; theirs: string }[]>;
    };
    expect(players).toEqual([3]);
    const rows = await diff();
    expect(rows).toContainEqual(expect.objectContaining({ player: 3, path: 'drawn', theirs: '-7' }));
  });
});
