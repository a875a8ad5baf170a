import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { actorOf, admit, unlisted } from './grpc-callers.ts';

const ANY = '/assay.pool.v1.PoolService/GetBatch';
const AUDITOR = '/assay.pool.v1.PoolService/GetTemplateBody';
const MINT = '/signatory.Signatory/BlindSign';
const DENIED = expect.objectContaining({ reason: 'CALLER_NOT_ALLOWED' });

function certified(subjectaltname: string) {
  const certificate = { subjectaltname } as NonNullable<Parameters<typeof admit>[1]['certificate']>;
  return { certificate, metadata: new Metadata() };
}

function saying(name?: string) {
  const metadata = new Metadata();
  if (name !== undefined) metadata.set('x-assay-caller', name);
  return { certificate: undefined, metadata };
}

test('the name of a certificate is a plain DNS name or the last part of a SPIFFE id', () => {
  const first = 'DNS:mint.assay.svc, IP Address:127.0.0.1, URI:https://x/y';
  expect(admit(MINT, certified(`${first}, DNS:mint`), false)).toBe('mint');
  expect(admit(MINT, certified(`${first}, URI:spiffe://assay/ns/prod/mint`), false)).toBe('mint');
});

test.each([
  'DNS:operator.evil.org',
  'DNS:"operator, DNS:operator"',
  'email:operator',
  '',
  'URI:spiffe://assay/operator/',
])('a certificate with %s names nobody', (text) => {
  expect(() => admit(ANY, certified(text), false)).toThrow(DENIED);
});

describe('with certificates', () => {
  test('a listed caller is admitted under its listed name', () => {
    expect(admit(AUDITOR, certified('DNS:auditor'), false)).toBe('auditor');
    expect(admit(AUDITOR, certified('DNS:auditor-7, URI:spiffe://assay/auditor'), false)).toBe('auditor');
  });

  test('any name will do for any team', () => {
    expect(admit(ANY, certified('URI:spiffe://assay/team-blue'), false)).toBe('team-blue');
  });

  test('others are refused, whatever they say in a header', () => {
    const peer = certified('DNS:pool');
    peer.metadata.set('x-assay-caller', 'mint');
    expect(() => admit(MINT, peer, true)).toThrow(DENIED);
    expect(() => admit(ANY, certified('DNS:a.b'), false)).toThrow(DENIED);
    expect(() => admit('/unlisted/Method', certified('DNS:operator'), false)).toThrow(DENIED);
  });
});

describe('without certificates', () => {
  test('nobody is admitted outside development', () => {
    expect(() => admit(ANY, saying('mint'), false)).toThrow(DENIED);
    expect(() => admit(ANY, saying(), false)).toThrow(DENIED);
  });

  test('in development a caller is who it says it is', () => {
    expect(admit(MINT, saying('mint'), true)).toBe('mint');
    expect(() => admit(MINT, saying('pool'), true)).toThrow(DENIED);
    expect(admit(ANY, saying('team-blue'), true)).toBe('team-blue');
  });

  test('in development who says nothing is the operator and may call everything', () => {
    expect([ANY, AUDITOR, MINT].map((path) => admit(path, saying(), true))).toEqual([
      'operator',
      'operator',
      'operator',
    ]);
  });
});

test('a method without a list of callers is found', () => {
  expect(unlisted([ANY, '/assay.pool.v1.PoolService/Forgotten'])).toEqual(['/assay.pool.v1.PoolService/Forgotten']);
});

test('who in person calls is told by the other names, in one order', () => {
  expect(actorOf('operator', certified('DNS:operator, URI:spiffe://assay/alice'), false)).toBe('operator/alice');
  expect(actorOf('operator', certified('URI:spiffe://assay/alice, DNS:operator'), false)).toBe('operator/alice');
  expect(actorOf('operator', certified('DNS:operator, DNS:bob, DNS:a'), false)).toBe('operator/a/bob');
  expect(actorOf('operator', certified('DNS:operator, DNS:host.example.org'), false)).toBe('operator');
  expect(actorOf('operator', saying('operator/alice'), true)).toBe('operator/alice');
  expect(actorOf('operator', saying(), true)).toBe('operator');
});
