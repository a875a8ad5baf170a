import type { Fund as WireFund } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { type Fund, reservedIn } from '../../domain/fund.ts';

export function renderFund(fund: Fund): WireFund {
  const { unit, credited, paid, version } = fund;
  return { unit: unit.toUpperCase(), credited, paid, pending: reservedIn(fund), version: BigInt(version) };
}
