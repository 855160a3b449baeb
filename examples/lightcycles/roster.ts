/** Who plays, as the players tell one another before the match. */

export interface RosterEntry {
  readonly publicKey: Uint8Array;
  readonly address: string;
}
