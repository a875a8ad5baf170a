import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { parseUnit, type Unit } from '../../domain/unit.ts';

/** @throws GrpcFault REQUEST_INVALID */
export function parseRequestUnit(text: string): Unit {
  const unit = parseUnit(text);
  if (!unit.ok) throw new GrpcFault('REQUEST_INVALID', 'unit: expected 1 to 32 of A-Z, a-z, 0-9, _ and -');
  return unit.value;
}
