import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { hashToCurve } from '@assay/shared/kernel/cashu-curve';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { isPublicKey } from '@assay/shared/kernel/schnorr';
import { finished, type Steps } from './checks.ts';
import { isExpired, type Keyset } from './keyset.ts';
import type { PointHex } from './operation.ts';
import { type Refusal, refusal, type RefusalCode } from './refusals.ts';
import type { BlindedOutput, ProofInput, RequestLimits } from './request.ts';
import type { Unit } from './unit.ts';

/** What the checks of inputs and outputs look at; mints have no inputs. */
export interface Sides {
  readonly inputs: readonly ProofInput[];
  readonly outputs: readonly BlindedOutput[];
  /** hash_to_curve of each input's secret, in their order; asked for only once the counts are known to be in bounds. */
  readonly ys: () => readonly PointHex[];
  readonly keysetOf: (id: string) => Keyset | undefined;
  readonly now: UnixMs;
  readonly limits: RequestLimits;
}

/** hash_to_curve(secret) in lower-case hex. */
export function pointOfSecret(secret: string): PointHex {
  return pointHex(hashToCurve(utf8(secret)));
}

/** Lower-case hex of a compressed point's bytes. */
export function pointHex(bytes: Uint8Array): PointHex {
  return toHex(bytes) as PointHex;
}

type Counted = Pick<Sides, 'inputs' | 'outputs' | 'limits'>;

export function refuseCounts(sides: Counted): Refusal | undefined {
  return refuseTooMany(sides) ?? (sides.outputs.length === 0 ? refusal('bad-request', 'no outputs') : undefined);
}

export function refuseTooMany({ inputs, outputs, limits }: Counted): Refusal | undefined {
  if (inputs.length > limits.inputs) return refusal('too-many-inputs', `more than ${limits.inputs} inputs`);
  return outputs.length > limits.outputs
    ? refusal('too-many-outputs', `more than ${limits.outputs} outputs`)
    : undefined;
}

export function refusePoints(sides: Pick<Sides, 'inputs' | 'outputs'>): Refusal | undefined {
  return finished(pointSteps(sides));
}

/** About two milliseconds of work. */
const POINTS_OF_STEP = 256;

/** As `refusePoints`, piece by piece. */
export function* pointSteps({ inputs, outputs }: Pick<Sides, 'inputs' | 'outputs'>): Steps {
  const points = [...inputs.map(({ c }) => c), ...outputs.map(({ b }) => b)];
  for (let at = 0; at < points.length; at += POINTS_OF_STEP) {
    if (at > 0) yield;
    const areAll = points.slice(at, at + POINTS_OF_STEP).every((point) => isPublicKey(fromHex(point)));
    if (!areAll) return refusal('bad-request', 'a point is not on the curve');
  }
  return undefined;
}

export function refuseRepeatedInputs({ ys }: Pick<Sides, 'ys'>): Refusal | undefined {
  return new Set(ys()).size === ys().length ? undefined : refusal('repeated-input');
}

export function refuseRepeatedOutputs({ outputs }: Pick<Sides, 'outputs'>): Refusal | undefined {
  return new Set(outputs.map(({ b }) => b)).size === outputs.length ? undefined : refusal('repeated-output');
}

/** Known, then not expired, then (outputs) active: each over all inputs and outputs before the next. */
export function refuseKeysets({ inputs, outputs, keysetOf, now }: Sides): Refusal | undefined {
  const inputKeysets = [...new Set(inputs.map(({ keyset }) => keyset))].map(keysetOf);
  const outputKeysets = [...new Set(outputs.map(({ keyset }) => keyset))].map(keysetOf);
  const all = [...inputKeysets, ...outputKeysets];
  const failed: [RefusalCode, boolean][] = [
    ['keyset-unknown', all.some((keyset) => keyset === undefined)],
    ['keyset-expired', all.some((keyset) => keyset !== undefined && isExpired(keyset, now))],
    ['keyset-inactive', outputKeysets.some((keyset) => keyset?.active === false)],
  ];
  const first = failed.find(([, isFailed]) => isFailed);
  return first === undefined ? undefined : refusal(first[0]);
}

/** One unit on each side, and the same on both; `quoteUnit` is the other side of a mint. */
export function refuseUnits(sides: Sides, quoteUnit?: Unit): Refusal | undefined {
  const given = quoteUnit === undefined ? unitsOf(sides, sides.inputs) : new Set([quoteUnit]);
  return refuseDiffering([given, unitsOf(sides, sides.outputs)]);
}

/** A melt has three sides: inputs, blank outputs if any, and the quote. */
export function refuseUnitsOfMelt(sides: Sides, quoteUnit: Unit): Refusal | undefined {
  return refuseDiffering([unitsOf(sides, sides.inputs), unitsOf(sides, sides.outputs), new Set([quoteUnit])]);
}

export function refuseAmounts(sides: Sides): Refusal | undefined {
  return refuseOddAmounts(sides, [...sides.inputs, ...sides.outputs]);
}

/** Amounts of blank outputs are placeholders. */
export function refuseInputAmounts(sides: Sides): Refusal | undefined {
  return refuseOddAmounts(sides, sides.inputs);
}

type Units = ReadonlySet<Unit | undefined>;

function unitsOf({ keysetOf }: Sides, entries: readonly { readonly keyset: string }[]): Units {
  return new Set(entries.map(({ keyset }) => keysetOf(keyset)?.unit));
}

function refuseDiffering(sides: readonly Units[]): Refusal | undefined {
  if (sides.some(({ size }) => size > 1)) return refusal('several-units');
  return new Set(sides.flatMap((units) => [...units])).size === 1 ? undefined : refusal('units-differ');
}

function refuseOddAmounts({ keysetOf }: Sides, entries: readonly (ProofInput | BlindedOutput)[]): Refusal | undefined {
  const isDenomination = ({ amount, keyset }: ProofInput | BlindedOutput) =>
    keysetOf(keyset)?.keys.has(amount) === true;
  return entries.every(isDenomination) ? undefined : refusal('amount-outside-limit');
}
