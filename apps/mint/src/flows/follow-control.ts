import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { isCurrent, obeyedLevel } from '../domain/control.ts';
import type { IssuanceLevel } from '../domain/issuance-level.ts';
import type { ControlStore, IssuanceControl } from '../ports.ts';
import { levelObeyed } from '../telemetry.ts';

export interface ControlFollower extends IssuanceControl {
  /** Reads the control again and registers that this instance lives and obeys it. */
  refresh(): Promise<void>;
}

const FIRST_VERSION = 1;

/** What this instance obeys: the control as last read, for at most 5 s. */
export function followControl({
  control,
  clock,
}: {
  readonly control: Pick<ControlStore, 'read' | 'register'>;
  readonly clock: Clock;
}): ControlFollower {
  let read: { level: IssuanceLevel; version: number; at: UnixMs } | undefined;
  const level = () => obeyedLevel(read, clock.now());
  return {
    level,
    async refresh() {
      const at = clock.now();
      try {
        // A pause waits for whoever is registered. Who was silent registers first: what it reads then is no older than
        // any pause that did not wait for it.
        if (read === undefined || !isCurrent(read, at)) await control.register(read?.version ?? FIRST_VERSION);
        const { level: stored, version } = await control.read();
        // Two refreshes may overlap; the older answer must not undo the newer one.
        if (read === undefined || version >= read.version) read = { level: stored, version, at };
        await control.register(read.version);
      } finally {
        levelObeyed(level());
      }
    },
  };
}
