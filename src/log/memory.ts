/** A log in memory: survives a session, not the process. For tests, and where losing one's key is no loss. */

import { copyRecord, type Log, type LogFactory } from './log.ts';

/**
 * A log that begins with copies of `records`. Every opening finds what the closed ones before it left;
 * opening it while it is open rejects.
 */
export function memoryLog(records: readonly Uint8Array[] = []): LogFactory {
  const kept = records.map(copyRecord);
  let held = false;

  return async (): Promise<Log> => {
    if (held) throw new Error('log "memory" is already open in this process; close it first');
    held = true;
    let open = true;
    let appended: Uint8Array[] = [];

    function flush(): void {
      if (!open) throw new Error('log "memory" is closed');
      kept.push(...appended);
      appended = [];
    }

    return {
      name: 'memory',
      records: kept.map(copyRecord),
      append(record) {
        if (!open) throw new Error('log "memory" is closed');
        appended.push(copyRecord(record));
      },
      flush,
      async close() {
        if (!open) return;
        flush();
        open = false;
        held = false;
      },
    };
  };
}
