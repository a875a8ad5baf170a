import { Metadata, status } from '@grpc/grpc-js';
import { type Reason, REASONS } from '@assay/proto/reasons';
import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../kernel/assert.ts';
import { GrpcCallError, GrpcFault, GrpcStatusFault, reasonIn, wireStatusOf } from './grpc-status.ts';

function systemFault(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

function named(name: string, code?: number): Error {
  return Object.assign(new Error('hidden detail'), { name, ...(code !== undefined && { code }) });
}

test.each(Object.keys(REASONS) as Reason[])('%s reaches the caller with its status', (reason) => {
  const wire = wireStatusOf(new GrpcFault(reason, 'why it is so'));
  expect(wire).toMatchObject({ code: status[REASONS[reason]], details: 'why it is so', unexpected: false });
  expect(reasonIn(wire.metadata)).toBe(reason);
});

test('the bytes of a reason are those of google.rpc.Status', () => {
  const [bytes] = wireStatusOf(new GrpcFault('BLOCK_UNKNOWN', 'no')).metadata.get('grpc-status-details-bin');
  const url = Buffer.from('type.googleapis.com/google.rpc.ErrorInfo').toString('hex');
  const info = `0a0d${Buffer.from('BLOCK_UNKNOWN').toString('hex')}1205${Buffer.from('assay').toString('hex')}`;
  expect(Buffer.from(bytes ?? '').toString('hex')).toBe(`0805${'12026e6f'}1a42${'0a28'}${url}1216${info}`);
});

test('a bare status has no reason', () => {
  const wire = wireStatusOf(new GrpcStatusFault('FAILED_PRECONDITION', 'schema version 3'));
  expect(wire).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'schema version 3', unexpected: false });
  expect(reasonIn(wire.metadata)).toBe('');
});

test.each([
  systemFault('ECONNREFUSED'),
  named('MongoServerSelectionError'),
  named('MongoNetworkTimeoutError'),
  named('MongoServerError', 10_107),
  named('NoRespondersError'),
  new Error('wrapped', { cause: systemFault('ECONNRESET') }),
  new GrpcCallError('UNAVAILABLE', '', 'signatory'),
  new GrpcCallError('DEADLINE_EXCEEDED', '', 'signatory'),
])('a dependency that is away is UNAVAILABLE: %s', (error) => {
  const wire = wireStatusOf(error);
  expect(wire).toMatchObject({ code: status.UNAVAILABLE, unexpected: true });
  expect(reasonIn(wire.metadata)).toBe('DEPENDENCY_UNAVAILABLE');
});

test.each([
  new AssertionFailure('hidden detail'),
  named('MongoServerError', 11_000),
  new GrpcCallError('NOT_FOUND', 'QUOTE_UNKNOWN', 'hidden detail'),
  'hidden detail',
])('an unforeseen fault tells nothing: %s', (error) => {
  const wire = wireStatusOf(error);
  expect(wire).toMatchObject({ code: status.INTERNAL, details: 'internal error', unexpected: true });
  expect(reasonIn(wire.metadata)).toBe('');
});

describe('trailers of others', () => {
  const of = (hex: string) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from(hex, 'hex'));
    return metadata;
  };
  test('without details, with noise or of another domain have no reason of ours', () => {
    const foreign = `0a28${Buffer.from('type.googleapis.com/google.rpc.ErrorInfo').toString('hex')}12080a0141120378797a`;
    const noise = ['ff', '1aff', '0805', `1a${(foreign.length / 2).toString(16)}${foreign}`];
    expect([reasonIn(undefined), reasonIn(new Metadata()), ...noise.map((hex) => reasonIn(of(hex)))]).toEqual([
      '',
      '',
      '',
      '',
      '',
      '',
    ]);
  });
});
