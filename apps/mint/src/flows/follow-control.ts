import type { Clock, UnixMs } from '@assay/shared/kernel/clock';
import { obeyedLevel } from '../domain/control.ts';
import type { IssuanceLevel } from '../domain/issuance-level.ts';
import type { ControlStore, IssuanceControl } from '../ports.ts';
import { levelObeyed } from '../telemetry.ts';

export interface ControlFollower extends IssuanceControl {
  /** Reads the control again and registers that this instance lives and obeys it. */
  refresh(): Promise<void>;
}

/** What this instance obeys: the control as last read, for at most 5 s. */
export function followControl({
  control,
  clock,
}: {
  readonly control: ControlStore;
  readonly clock: Clock;
}): ControlFollower {
  let read: { level: IssuanceLevel; version: number; at: UnixMs } | undefined;
  const level = () => obeyedLevel(read, clock.now());
  return {
    level,
    async refresh() {
      const at = clock.now();
      try {
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
