import { repeatedWarning } from '@assay/shared/runtime/repeated-warning';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { TURNOVER } from '../../domain/turnover.ts';
import { type TurnoverPorts, watchTurnover } from '../../flows/watch-turnover.ts';
import type { Keysets } from '../../ports.ts';
import { keysetTurnedOver } from '../../telemetry.ts';

const EVERY_MS = 5_000;

/** The keysets as wallets may use them; what is issued on them is looked at every 5 s, by every instance. */
export function startTurnover(context: ServiceContext, ports: TurnoverPorts): Keysets {
  const { spared, refresh } = watchTurnover(ports);
  const warn = repeatedWarning(context.log, 'a keyset has to be rotated');
  context.every('turnover', EVERY_MS, async () => {
    for (const { unit, keyset, issued } of await refresh()) {
      keysetTurnedOver(unit, issued);
      if (issued > TURNOVER.warned) warn({ unit, keyset, issued: String(issued) });
    }
  });
  return spared;
}
