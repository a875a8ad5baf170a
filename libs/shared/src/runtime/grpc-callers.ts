import type { TLSSocket } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import { type Caller, CALLERS } from '@assay/proto/callers';
import { CALLER_HEADER } from './grpc-definition.ts';
import { GrpcFault } from './grpc-status.ts';

type PeerCertificate = ReturnType<TLSSocket['getPeerCertificate']>;

/** What is known of who calls. */
interface Peer {
  readonly certificate: PeerCertificate | undefined;
  readonly metadata: Metadata;
}

/**
 * The name of the caller of method `path`, once it may call it.
 *
 * With mutual TLS: the names in the certificate are its DNS names without a dot and the last path segment of its
 * `spiffe://` URIs (`spiffe://assay/mint` → `mint`); a dotted DNS name names a host, never a caller, so that
 * `operator.example.org` is no operator. One of them has to be on the method's list; any name will do for `any-team`.
 *
 * Without TLS (development only): the header `x-assay-caller` has the names, with `/` between, and the same lists hold. A call without
 * it comes from whoever sits at this machine, is the `operator`, and may call everything.
 * @throws GrpcFault `CALLER_NOT_ALLOWED`
 */
export function admit(path: string, peer: Peer, allowUnauthenticated: boolean): string {
  const allowed = CALLERS[path] ?? [];
  const names = namesOf(peer, allowUnauthenticated);
  if (names === 'anybody') return 'operator';
  const name =
    names.find((candidate) => isOn(allowed, candidate)) ?? (isOn(allowed, 'any-team') ? names[0] : undefined);
  if (name !== undefined) return name;
  throw new GrpcFault('CALLER_NOT_ALLOWED', `${path} may be called by ${allowed.join(', ')}`);
}

/**
 * Who in person calls as `caller`: with the other names of the certificate, `operator/alice`. A certificate of nobody in
 * particular is the caller alone, so that two of those count as one person.
 */
export function actorOf(caller: string, peer: Peer, allowUnauthenticated: boolean): string {
  const names = namesOf(peer, allowUnauthenticated);
  const others = names === 'anybody' ? [] : names.filter((name) => name !== caller);
  return [caller, ...new Set(others.toSorted())].join('/');
}

/** Methods without a list of callers. */
export function unlisted(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => CALLERS[path] === undefined);
}

/** Names in the alternative names of a certificate, as node writes them: `DNS:mint, URI:spiffe://assay/mint`. */
function namesIn(subjectAltName: string | undefined): readonly string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    const dns = /^DNS:([A-Za-z0-9-]{1,63})$/.exec(entry)?.[1];
    const spiffe = /^URI:spiffe:\/\/[^"]*\/([A-Za-z0-9-]{1,63})$/.exec(entry)?.[1];
    return dns ?? spiffe ?? [];
  });
}

function namesOf(peer: Peer, allowUnauthenticated: boolean): readonly string[] | 'anybody' {
  if (peer.certificate !== undefined) return namesIn(peer.certificate.subjectaltname);
  if (!allowUnauthenticated) return [];
  const [name] = peer.metadata.get(CALLER_HEADER);
  return name === undefined ? 'anybody' : String(name).split('/');
}

function isOn(allowed: readonly Caller[], name: string): boolean {
  return allowed.some((caller) => caller === name);
}
