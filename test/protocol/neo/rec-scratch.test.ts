import { it } from 'vitest';
import { keyring } from '../../../src/keyring/node.ts';
import { decodeNeoRecord } from '../../../src/protocol/neo/record.ts';
import { recordingOf, verifyRecording } from '../../../src/protocol/neo/recording.ts';
import { attest } from '../../../src/crypto/signature.ts';
import { Simulation } from '../../../src/sim/simulation.ts';
import { sum } from '../../sim/games.ts';
const parameters = { roundMs: 50, roundMaxMs: 200, arrivalMs: 60, arrivalMinMs: 20, arrivalMaxMs: 100, silentRounds: 16, window: 12, openMs: 3000, lateMs: 1500, stallMs: 2000, keepF: false };
const verify = (s: any) => (keyring.verify(s.publicKey, s.message, s.signature) ? attest(s) : null);
for (const [n, loss, faults] of [[4, 0, []], [4, 0.1, []], [7, 0.2, []], [5, 0.05, [{ atMs: 1500, type: 'crash', player: 2, downMs: 60000 }]], [4, 0.1, [{ atMs: 1500, type: 'crash', player: 1, downMs: 700 }]], [6, 0.1, [{ atMs: 1500, type: 'partition', groups: [[0, 1, 2], [3, 4, 5]], forMs: 4000 }]], [2, 0.05, []], [3, 0.05, []]] as any) {
  it(`n=${n} loss=${loss} ${JSON.stringify(faults)}`, () => {
    const sim = new Simulation(sum, { players: n, rounds: 60, seed: 3, keyring, protocol: { name: 'neo', parameters }, input: ({ random }) => random(100), network: { delayMs: 20, loss }, faults, limitMs: 600000 } as any);
    const r = sim.run();
    console.log(n, loss, r.rounds, r.violations, r.virtualMs);
    for (const p of sim.players) {
      const bytes = recordingOf(p.records.map(decodeNeoRecord));
      const t = performance.now();
      const v: any = verifyRecording(sum, bytes, { verify });
      console.log(p.seat, v.ok, v.rounds.length, bytes.length / v.rounds.length, 'attested', v.attested, 'unshown', v.rounds.filter((x: any) => x.unshown.length).length, JSON.stringify(v.changes), v.lies.length, v.ok ? '' : [v.round, v.reason, v.detail, v.packet, v.blame], (performance.now() - t).toFixed(0), 'ms');
    }
  }, 100000);
}
